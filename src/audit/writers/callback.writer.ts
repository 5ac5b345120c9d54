import type { DeliveryLease, DeliveryOutcome, ReleasedDelivery } from '../../bus/index.js';
import type { CallbackState } from '../../events/index.js';

/** A callback on its way into the tables; times in Unix milliseconds. */
export interface NewCallback {
  readonly id: string;
  readonly kind: string;
  readonly eventType: number | null;
  readonly state: CallbackState;
  readonly appId: string | null;
  readonly domain: string | null;
  readonly path: string | null;
  readonly streamName: string | null;
  readonly sequence: string | null;
  readonly occurredAt: number | null;
  readonly receivedAt: number;
  readonly contentDigest: string;
  readonly identityDigest: string;
  /** JSON array of lines, or null. */
  readonly remarks: string | null;
  /** JSON array of lines, or null. */
  readonly errors: string | null;
  readonly remoteAddress: string | null;
  readonly body: string;
  /** The listeners that get it. */
  readonly deliveries: readonly NewDelivery[];
}

/** A delivery, and the lane that it runs in. */
export interface LeasedDelivery {
  readonly callbackId: string;
  readonly listener: string;
  /** Deliveries of a listener with the same key run one after the other. */
  readonly streamKey: string;
}

/** A listener that gets a callback. */
export interface NewDelivery extends LeasedDelivery {
  /** Attempts that are counted with a lease of the insert. */
  readonly attempts: 0 | 1;
}

/** A delivery that was found to be due, under the fence of then. */
export interface FoundDelivery extends LeasedDelivery {
  readonly fence: number;
}

/** One entry of a batch: distinct by content, with the copies that came at the same time. */
export interface BatchEntry {
  readonly callback: NewCallback;
  readonly copies: number;
  /** An earlier entry of the batch has the same identity and other content. */
  readonly variantInBatch: boolean;
}

/** What the database made of a batch entry. */
export interface InsertResult {
  /** False when the content had been stored before. */
  readonly isNew: boolean;
  readonly variant: boolean;
  /** The deliveries that are leased to this process; the others wait for a sweep. */
  readonly leased: readonly NewDelivery[];
}

/** What a stored callback turned out to be, after it had been unknown or quarantined. */
export interface Requeued extends Pick<
  NewCallback,
  'id' | 'kind' | 'occurredAt' | 'identityDigest' | 'remarks' | 'deliveries'
> {}

/** What became of it; null when it was accepted already. */
export type RequeueResult = { readonly variant: boolean } | null;

/** Refused requests that share reason, address and minute. */
export interface RejectionRow {
  readonly id: string;
  readonly reason: string;
  readonly count: number;
  readonly remoteAddress: string | null;
  readonly excerpt: string | null;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Callbacks to be purged, if nothing has happened to them since a time. */
export interface PurgeBatch {
  readonly ids: readonly string[];
  /** Unix milliseconds. One that came again, was replayed or requeued after it stays. */
  readonly before: number;
}

/** The lease under which a process holds deliveries that it will run itself. */
export interface Lease {
  readonly owner: string;
  readonly milliseconds: number;
}

/** The lease that an insert takes, for the listeners that run in this process and have room. */
export interface InsertLease extends Lease {
  takes(listener: string): boolean;
  /** How long rows without a lease wait before a sweep may take them, ms; null: not at all. */
  readonly graceMs: number | null;
}

/** The statements of the durable path, for one family of databases. */
export interface CallbackWriter {
  /**
   * Stores a batch in one transaction: the callbacks, unique by content digest, and a delivery row
   * per listener of each new one, leased where the listener has room. New and duplicate are told
   * apart by the unique index alone, never by reading first. A delivery is left unleased when an
   * earlier one of its lane waits in the table or at another process.
   *
   * @returns a result per entry, in their order; the rows are durable by then
   */
  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]>;

  /**
   * Which of the deliveries that this owner has just leased share their lane with one that another
   * owner holds, or that is earlier and not this owner's: two nodes cannot see each other's rows
   * before they commit. Asked after the commit, at least one of the two learns of the other.
   */
  contested(leased: readonly LeasedDelivery[], owner: string): Promise<readonly LeasedDelivery[]>;

  /**
   * Turns a callback that was unknown or quarantined into an accepted one, with a delivery row for
   * each listener that has none yet.
   */
  requeue(callback: Requeued): Promise<RequeueResult>;

  /** Records outcomes of deliveries whose fence still holds. */
  settle(outcomes: readonly DeliveryOutcome[]): Promise<void>;

  /**
   * Takes over deliveries whose fence still is what it was when they were found, and whose lease has
   * not been prolonged since. What another owner
   * held of their lanes under a lease that has run out is its no more: should it come back, it must
   * not go on with a later delivery while an earlier one is here.
   */
  claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]>;

  /** Prolongs leases whose fence still holds. @returns the others */
  renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]>;

  /** Gives leases back whose fence still holds. */
  release(leases: readonly ReleasedDelivery[]): Promise<void>;

  /** Adds rejection rows, or updates count and time of those with the same id. */
  recordRejections(rows: readonly RejectionRow[]): Promise<void>;

  /**
   * Drops the bodies of callbacks, and what else may be personal. Whether their deliveries are closed
   * is for the caller to see first: what opens one again writes to the callback before.
   *
   * @returns how many
   */
  dropBodies(batch: PurgeBatch): Promise<number>;

  /**
   * Deletes callbacks whose body was dropped, with their deliveries.
   *
   * @returns how many
   */
  deleteCallbacks(batch: PurgeBatch): Promise<number>;

  /** @returns how many */
  deleteRejections(ids: readonly string[]): Promise<number>;

  /** Succeeds when callbacks could be written now. */
  probe(): Promise<void>;

  /** Closes the connections that nobody uses: after a failure they may be as dead as the one that failed. */
  dropIdleConnections(): void;

  /** Ends what it runs beside the DataSource, which is closed after it. */
  close(): Promise<void>;

  /** Whether an error is about the rows and not about the database, so that splitting a batch helps. */
  isRowFault(error: unknown): boolean;
}
