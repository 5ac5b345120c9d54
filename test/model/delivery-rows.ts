/** What a delivery row must be, in the names of its columns. */
export interface Row {
  readonly callback_id: string;
  readonly listener: string;
  readonly ordering_key: string;
  state: string;
  attempts: number;
  attempts_before: number;
  lease_owner: string | null;
  lease_until: number | null;
  fence: number;
  next_attempt_at: number | null;
  replayed_at: number | null;
}

/** What a callback row must be. */
export interface StoredBody {
  readonly id: string;
  readonly content_digest: string;
  readonly received_at: number;
  readonly body: string;
  receipts_count: number;
}

/** A lease that somebody has, or had. */
export interface Held {
  readonly callbackId: string;
  readonly listener: string;
  readonly fence: number;
}

interface Planned {
  readonly listener: string;
  readonly orderingKey: string;
  readonly attempts: number;
}

/**
 * The state machine of delivery rows, written down a second time and without SQL: what the table must
 * hold after each step, and what each step must answer.
 */
export class DeliveryRows {
  readonly rows = new Map<string, Row>();
  readonly bodies = new Map<string, StoredBody>();

  constructor(
    private readonly now: () => number,
    private readonly leaseMs: number,
  ) {}

  /** @returns the listeners whose delivery is leased, or null for a duplicate */
  insert(
    stored: Omit<StoredBody, 'receipts_count'>,
    copies: number,
    planned: readonly Planned[],
    owner: string,
    hasRoom: boolean,
  ): readonly string[] | null {
    const known = this.bodies.get(stored.content_digest);
    if (known) {
      known.receipts_count += copies;
      return null;
    }
    this.bodies.set(stored.content_digest, { ...stored, receipts_count: copies });
    return planned.flatMap(({ listener, orderingKey, attempts }) => {
      const isFree =
        hasRoom && this.lane(listener, orderingKey).every((e) => e.lease_owner === owner);
      this.rows.set(`${stored.id} ${listener}`, {
        callback_id: stored.id,
        listener,
        ordering_key: orderingKey,
        state: 'pending',
        attempts: isFree ? attempts : 0,
        attempts_before: 0,
        lease_owner: isFree ? owner : null,
        lease_until: isFree ? this.now() + this.leaseMs : null,
        fence: 1,
        next_attempt_at: null,
        replayed_at: null,
      });
      return isFree ? [listener] : [];
    });
  }

  /** What is due, under the fence that it has now, but of lanes of which the process has none itself. */
  find(
    listeners: readonly string[],
    room: number,
    isHeld: (lease: Held) => boolean,
  ): readonly Held[] {
    const leaseOf = ({ callback_id, listener, fence }: Row) => ({
      callbackId: callback_id,
      listener,
      fence,
    });
    const due = [...this.rows.values()]
      .filter((row) => listeners.includes(row.listener) && this.isDue(row))
      .toSorted((a, b) => (a.callback_id < b.callback_id ? -1 : 1));
    const ours = due.filter((row) => isHeld(leaseOf(row)));
    const isOurs = (row: Row) =>
      ours.some((it) => it.listener === row.listener && it.ordering_key === row.ordering_key);
    const rooms = new Map(listeners.map((listener) => [listener, room]));
    const closed = new Set<string>();
    const taken = due.filter((row) => {
      const lane = `${row.listener} ${row.ordering_key}`;
      const left = rooms.get(row.listener) ?? 0;
      if (isOurs(row) || closed.has(lane)) return false;
      // One that has failed comes alone, and where there is no room nothing of its lane does.
      if (left === 0 || this.hasFailed(row)) closed.add(lane);
      if (left === 0) return false;
      rooms.set(row.listener, left - 1);
      return true;
    });
    return taken.map(leaseOf);
  }

  private hasFailed({ attempts, attempts_before, next_attempt_at }: Row): boolean {
    const tries = attempts - attempts_before;
    return tries >= 2 || (tries === 1 && next_attempt_at !== null);
  }

  /** @returns keys in the order in which they are handed on */
  claim(
    found: readonly Held[],
    owner: string,
    countsAhead: (listener: string) => boolean,
  ): readonly string[] {
    const claimed = found.flatMap((lease) => {
      const row = this.heldRow(lease);
      if (!row || this.isLive(row)) return [];
      const others = this.lane(row.listener, row.ordering_key).filter(
        (e) => e.lease_owner !== owner,
      );
      const isBarred = others.some((e) => this.isLive(e) || e.callback_id < row.callback_id);
      if (isBarred) return [];
      row.fence++;
      this.lend(row, owner);
      if (row.attempts === row.attempts_before && countsAhead(row.listener)) {
        row.attempts++;
        row.next_attempt_at = null;
      }
      return [row];
    });
    // Who held later ones of these lanes must not go on with them.
    for (const { listener, ordering_key } of claimed) {
      for (const row of this.lane(listener, ordering_key)) {
        if (row.lease_owner === null || row.lease_owner === owner || this.isLive(row)) continue;
        row.fence++;
        this.free(row);
      }
    }
    return claimed.map(keyOf);
  }

  begin(lease: Held & { isCounted: boolean }, owner: string): boolean {
    const row = this.heldRow(lease);
    if (!row) return false;
    this.lend(row, owner);
    if (!lease.isCounted) row.attempts++;
    row.next_attempt_at = null;
    return true;
  }

  settle(lease: Held, state: string, retryInMs: number): void {
    const row = this.heldRow(lease);
    if (!row) return;
    row.state = state;
    row.next_attempt_at = state === 'pending' ? this.now() + retryInMs : null;
    if (state !== 'pending') this.free(row);
  }

  /** @returns the leases that are lost */
  renew(leases: readonly Held[], owner: string): readonly Held[] {
    return leases.filter((lease) => {
      const row = this.heldRow(lease);
      if (row) this.lend(row, owner);
      return !row;
    });
  }

  release(lease: Held, isCounted: boolean): void {
    const row = this.heldRow(lease);
    if (!row) return;
    this.free(row);
    if (isCounted) row.attempts--;
  }

  replay(callbackId: string): void {
    for (const row of this.rows.values()) {
      if (row.callback_id !== callbackId || row.state === 'pending') continue;
      row.state = 'pending';
      row.fence++;
      row.attempts_before = row.attempts;
      row.replayed_at = this.now();
    }
  }

  isLive({ lease_until }: Row): boolean {
    return lease_until !== null && lease_until >= this.now();
  }

  private isDue(row: Row): boolean {
    if (row.state !== 'pending' || this.isLive(row) || this.isPaused(row)) return false;
    const lane = this.lane(row.listener, row.ordering_key);
    if (lane.some((e) => this.isLive(e))) return false;
    return !lane.some((e) => this.isPaused(e) && e.callback_id < row.callback_id);
  }

  private isPaused({ next_attempt_at }: Row): boolean {
    return next_attempt_at !== null && next_attempt_at > this.now();
  }

  private lane(listener: string, orderingKey: string): Row[] {
    return [...this.rows.values()].filter(
      (e) => e.state === 'pending' && e.listener === listener && e.ordering_key === orderingKey,
    );
  }

  private heldRow({ callbackId, listener, fence }: Held): Row | undefined {
    const row = this.rows.get(`${callbackId} ${listener}`);
    return row?.state === 'pending' && row.fence === fence ? row : undefined;
  }

  private lend(row: Row, owner: string): void {
    row.lease_owner = owner;
    row.lease_until = this.now() + this.leaseMs;
  }

  private free(row: Row): void {
    row.lease_owner = null;
    row.lease_until = null;
  }
}

/** Primary key of a row, as text. */
export function keyOf(row: Pick<Row, 'callback_id' | 'listener'>): string {
  return `${row.callback_id} ${row.listener}`;
}
