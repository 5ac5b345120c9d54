import { AssertionError } from 'node:assert';

import { LEASE_MS } from '../../src/storage/lease-owner.js';
import type { NewCallback } from '../../src/storage/sql/callback.writer.js';
import { digestOf } from '../support/digest.js';
import { DeliveryNode, type Work } from './delivery-node.js';
import { DeliveryRows, keyOf, type Held, type Row } from './delivery-rows.js';
import type { DeliveryTable } from './delivery-table.js';

/** What a run came to; `none`: nobody has heard of it yet. */
export type Outcome = 'done' | 'failed' | 'none';

/** One step of a history. Nodes and places are numbers, taken modulo what there is. */
export type Step =
  | { do: 'receive'; node: number; contents: number[]; hasRoom: boolean; isLost: boolean }
  | { do: 'poll'; node: number; only: number; isLost: boolean; isRaced: boolean }
  | { do: 'renew'; node: number }
  | { do: 'run'; node: number; at: number; outcome: Outcome }
  | { do: 'finish'; node: number; at: number; outcome: Outcome }
  | { do: 'stale'; at: number; call: 'claim' | 'begin' | 'settle' | 'renew' | 'release' }
  | { do: 'crash'; node: number }
  | { do: 'stop'; node: number }
  | { do: 'wait'; ms: number }
  | { do: 'set clock'; node: number; ms: number }
  | { do: 'set database clock'; ms: number }
  | { do: 'replay'; content: number };

/** As the dispatcher has them. */
const LEASE_AGE_MS = 7_000;
const RENEW_AFTER_MS = 2_500;
const RETRY_MS = 20_000;

/** `once` has no second attempt, so its first is counted when it begins; `loose` has no order. */
const LISTENERS = [
  { id: 'ordered', attempts: 3, isOrdered: true },
  { id: 'once', attempts: 1, isOrdered: true },
  { id: 'loose', attempts: 2, isOrdered: false },
] as const;
const IDS = LISTENERS.map(({ id }) => id);
const STREAMS = 2;
const DRAIN_ROUNDS = 60;

/** Plays a history on the table and on the model, and compares after each step. */
export class DeliveryHistory {
  private readonly nodes: DeliveryNode[];
  private readonly rows: DeliveryRows;
  /** Every lease that a process has had, with what it was for. */
  private readonly leases: Held[] = [];
  private readonly runs = new Map<string, number>();
  /** Names of the processes that have ended, by the process. */
  private readonly gone: ReadonlySet<string>[] = [];
  private counter = 0;

  constructor(
    private readonly table: DeliveryTable,
    nodes = 2,
  ) {
    table.clear();
    this.rows = new DeliveryRows(() => table.now, LEASE_MS);
    this.nodes = Array.from({ length: nodes }, () => new DeliveryNode(table, countsAhead));
  }

  async play(steps: readonly Step[]): Promise<void> {
    let before = new Map<string, Row>();
    for (const step of steps) {
      await this.take(step);
      before = this.check(before);
    }
    await this.drain(before);
  }

  private async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'receive':
        return this.receive(this.node(step.node), step);
      case 'poll':
        await this.renew(this.node(step.node));
        return this.claim(this.node(step.node), step);
      case 'renew':
        return this.renew(this.node(step.node));
      case 'run': {
        const work = pick(this.node(step.node).ready, step.at);
        return work && this.run(this.node(step.node), work, step.outcome);
      }
      case 'finish': {
        const work = pick(this.node(step.node).running, step.at);
        return work && this.finish(this.node(step.node), work, step.outcome);
      }
      case 'stale':
        return this.stale(step);
      case 'crash':
        return this.replace(step.node % this.nodes.length);
      case 'stop':
        return this.stop(step.node % this.nodes.length);
      case 'wait':
        this.table.elapsed += step.ms;
        return;
      case 'set clock':
        this.node(step.node).clockError += step.ms;
        return;
      case 'set database clock':
        this.table.setForward += step.ms;
        return;
      case 'replay':
        return this.replay(step.content);
    }
  }

  private async receive(
    node: DeliveryNode,
    { contents, hasRoom, isLost }: Extract<Step, { do: 'receive' }>,
  ): Promise<void> {
    node.hasRoom = hasRoom;
    node.losesAnswer = isLost;
    const owner = node.identity.id;
    const callbacks = contents.map((content) => this.callback(content, node.clock));
    const held = node.memory.length;
    mustEqual(await node.receive(callbacks), !isLost, 'acknowledged');
    node.losesAnswer = false;
    const leased = callbacks.flatMap((callback, index) => {
      // Copies in one batch are one entry, and count as often as they came.
      const digests = contents.map((content) => digestOf(`content-${content}`));
      if (digests.indexOf(callback.contentDigest) !== index) return [];
      const { id, contentDigest, receivedAt, body } = callback;
      const taken = this.rows.insert(
        { id, content_digest: contentDigest, received_at: receivedAt, body },
        digests.filter((digest) => digest === contentDigest).length,
        callback.deliveries,
        owner,
        hasRoom,
      );
      return (taken ?? []).map((listener) => ({ callbackId: id, listener, fence: 1 }));
    });
    this.leases.push(...leased);
    const taken = node.memory.slice(held).map(nameOf);
    mustEqual(taken.join(), isLost ? '' : leased.map(nameOf).join(), 'handed on');
  }

  private callback(content: number, receivedAt: number): NewCallback {
    const time = String(receivedAt).padStart(15, '0');
    const count = String(this.counter++).padStart(12, '0');
    const id = time.replace(/^(.{8})(.{4})(.{3})$/, `$1-$2-7$3-8000-${count}`);
    return {
      id,
      registration: 'default',
      origin: 'callback',
      kind: 'unknown',
      eventType: 9999,
      state: 'unknown',
      appId: null,
      domain: null,
      path: null,
      streamName: null,
      sequence: null,
      occurredAt: null,
      receivedAt,
      contentDigest: digestOf(`content-${content}`),
      identityDigest: digestOf(`identity-${content}`),
      warnings: null,
      errors: null,
      remoteAddress: null,
      routeKind: null,
      // A retry may carry another t: the body differs, the content does not.
      bodyEncoding: 'utf8',
      body: `{"event_type":9999,"content":${content},"t":${this.counter}}`,
      deliveries: LISTENERS.map(({ id: listener, attempts, isOrdered }) => ({
        callbackId: id,
        listener,
        orderingKey: isOrdered ? digestOf(`stream-${content % STREAMS}`) : id,
        attempts: attempts > 1 ? 1 : 0,
      })),
    };
  }

  private async claim(
    node: DeliveryNode,
    { only, isLost, isRaced }: Omit<Extract<Step, { do: 'poll' }>, 'do' | 'node'>,
  ): Promise<void> {
    const one = LISTENERS[only];
    const listeners = one ? [one.id] : IDS;
    const limit = one ? 1 : 100;
    const owner = node.identity.id;
    const found = this.rows.find(listeners, limit, (lease) => node.holdsLease(lease));
    let expected: readonly string[] = [];
    node.beforeClaim = async () => {
      // The other process comes back between the search and the claim.
      if (isRaced) for (const other of this.nodes) if (other !== node) await this.renew(other);
      expected = this.rows.claim(found, owner, countsAhead);
    };
    node.losesAnswer = isLost;
    const claimed = await node.claim(listeners, limit);
    node.losesAnswer = false;
    // Without a statement nothing can get lost; and order counts within a lane, which ids show.
    if (claimed === null) must(isLost, 'a claim fails when its answer is lost, and only then');
    else mustEqual(claimed.toSorted().join(), expected.toSorted().join(), 'claimed');
    for (const key of expected) {
      const { callback_id, listener, fence } = this.rows.rows.get(key) as Row;
      this.leases.push({ callbackId: callback_id, listener, fence });
    }
  }

  private async renew(node: DeliveryNode): Promise<void> {
    const { elapsed } = this.table;
    const aged = node.memory.filter(({ leasedAt }) => elapsed - leasedAt > RENEW_AFTER_MS);
    if (aged.length === 0) return;
    const expected = this.rows.renew(aged.map(leaseOf), node.identity.id).map(nameOf);
    const lost = (await node.deliveries.renew(aged.map(leaseOf))).map(nameOf);
    mustEqual(lost.toSorted().join(), expected.toSorted().join(), 'lost');
    for (const work of aged) {
      work.leasedAt = elapsed;
      if (lost.includes(nameOf(work))) work.isLost = true;
    }
    // What is lost and does not run is dropped when its turn comes; here that is now.
    for (const work of aged) if (work.isLost && !work.isRunning) node.drop(work);
    // What waits behind it must not run before it.
    for (const work of aged) if (work.isLost) await this.giveBackFollowers(node, work);
  }

  private async run(node: DeliveryNode, work: Work, outcome: Outcome): Promise<void> {
    const isOld = this.table.elapsed - work.leasedAt > LEASE_AGE_MS;
    if (isOld || !work.isCounted) {
      const expected = this.rows.begin(work, node.identity.id);
      const { isCounted } = work;
      mustEqual(await node.deliveries.begin({ ...leaseOf(work), isCounted }), expected, 'begun');
      if (!expected) return node.drop(work);
      work.leasedAt = this.table.elapsed;
      if (!isCounted) work.attempts++;
    }
    work.isCounted = false;
    this.witness(node, work);
    const tries = work.attempts - work.attemptsBefore;
    if (tries > attemptsOf(work)) return this.settle(node, work, 'dead', 0);
    this.runs.set(nameOf(work), (this.runs.get(nameOf(work)) ?? 0) + 1);
    work.isRunning = true;
    if (outcome !== 'none') await this.finish(node, work, outcome);
  }

  /** What must be true when a run starts. */
  private witness(node: DeliveryNode, work: Work): void {
    // Set forward, the clock of the database ends leases before their time.
    if (this.table.setForward > 0) return;
    const rows = this.table.rows();
    const row = rows.find((it) => keyOf(it) === nameOf(work)) as Row;
    must(
      row.state === 'pending' && row.fence === work.fence,
      'a run is of a pending delivery, under its present lease',
    );
    const isShared = rows.some(
      (it) => inLane(it, row) && this.rows.isLive(it) && !node.names.has(it.lease_owner as string),
    );
    must(!isShared, 'a run is in a lane that no other process holds');
    const known = new Set(node.memory.map(nameOf));
    const isOvertaken = rows.some(
      (it) =>
        inLane(it, row) &&
        it.replayed_at === null &&
        storedBefore(it, row) &&
        this.rows.isLive(it) &&
        node.names.has(it.lease_owner as string) &&
        !known.has(keyOf(it)),
    );
    must(!isOvertaken, 'a run overtakes nothing that its process has and does not know of');
  }

  private async finish(node: DeliveryNode, work: Work, outcome: Outcome): Promise<void> {
    if (outcome === 'none') return;
    const tries = work.attempts - work.attemptsBefore;
    if (outcome === 'done') return this.settle(node, work, 'done', 0);
    if (tries >= attemptsOf(work)) return this.settle(node, work, 'dead', 0);
    return this.settle(node, work, 'pending', RETRY_MS);
  }

  private async settle(
    node: DeliveryNode,
    work: Work,
    state: 'done' | 'dead' | 'pending',
    retryInMs: number,
  ): Promise<void> {
    this.rows.settle(work, state, retryInMs);
    await node.deliveries.settle({
      ...leaseOf(work),
      state,
      error: null,
      durationMs: 1,
      retryInMs,
    });
    work.isRunning = false;
    work.pausedUntil = this.table.elapsed + retryInMs;
    if (state !== 'pending' || work.isLost) node.drop(work);
    else await this.giveBackFollowers(node, work);
  }

  /** Those behind a delivery that is tried again later wait in the table. */
  private async giveBackFollowers(node: DeliveryNode, work: Work): Promise<void> {
    const followers = node.memory.filter(
      (it) =>
        it.listener === work.listener &&
        it.orderingKey === work.orderingKey &&
        it.callbackId > work.callbackId &&
        !it.isRunning,
    );
    const released = followers.map((it) => ({ ...leaseOf(it), isCounted: it.isCounted }));
    for (const lease of released) this.rows.release(lease, lease.isCounted);
    await node.deliveries.release(released);
    for (const follower of followers) node.drop(follower);
  }

  /** Somebody who was away for long acts on what it once had. */
  private async stale({ at, call }: Extract<Step, { do: 'stale' }>): Promise<void> {
    const old = this.leases.filter(
      (lease) => this.rows.rows.get(nameOf(lease))?.fence !== lease.fence,
    );
    const lease = pick(old, at);
    if (!lease) return;
    const { deliveries, identity } = this.node(0);
    if (call === 'claim') {
      // What it once found to be due.
      const { ordering_key: orderingKey } = this.rows.rows.get(nameOf(lease)) as Row;
      const term = { owner: identity.id, milliseconds: LEASE_MS };
      const claimed = await this.table.writer.claim(
        [{ ...lease, orderingKey, isCounted: true }],
        term,
      );
      mustEqual(claimed.length, 0, 'claimed');
    }
    if (call === 'begin') {
      mustEqual(await deliveries.begin({ ...lease, isCounted: false }), false, 'begun');
    }
    if (call === 'renew') mustEqual((await deliveries.renew([lease])).length, 1, 'lost');
    if (call === 'release') await deliveries.release([{ ...lease, isCounted: true }]);
    if (call === 'settle') {
      await deliveries.settle({
        ...lease,
        state: 'done',
        error: null,
        durationMs: 1,
        retryInMs: 0,
      });
    }
    // The model is left as it is: none of this may have an effect.
  }

  private replace(index: number): void {
    this.gone.push((this.nodes[index] as DeliveryNode).names);
    this.nodes[index] = new DeliveryNode(this.table, countsAhead);
  }

  private async stop(index: number): Promise<void> {
    const node = this.nodes[index] as DeliveryNode;
    const waiting = node.memory.filter(({ isRunning }) => !isRunning);
    const released = waiting.map((work) => ({ ...leaseOf(work), isCounted: work.isCounted }));
    for (const lease of released) this.rows.release(lease, lease.isCounted);
    await node.deliveries.release(released);
    for (const work of node.running) await this.finish(node, work, 'done');
    this.replace(index);
  }

  /** As the audit service does it: done and dead ones are open again, under a new fence. */
  private replay(content: number): void {
    const body = this.rows.bodies.get(digestOf(`content-${content}`));
    if (!body) return;
    this.rows.replay(body.id);
    this.table.replay(body.id);
  }

  /** The invariants, on what the table holds. @returns its rows */
  private check(before: ReadonlyMap<string, Row>): Map<string, Row> {
    const rows = this.table.rows();
    const now = new Map(rows.map((row) => [keyOf(row), row]));
    mustEqual(now.size, this.rows.rows.size, 'number of deliveries');
    for (const [key, row] of now) mustBeAlike(row, this.rows.rows.get(key));
    const bodies = this.table.bodies();
    mustEqual(bodies.length, this.rows.bodies.size, 'number of contents');
    for (const body of bodies) mustBeAlike(body, this.rows.bodies.get(body.content_digest));
    const holders = new Map<string, ReadonlySet<string>>();
    for (const row of rows) {
      const key = keyOf(row);
      const old = before.get(key);
      must(row.fence >= (old?.fence ?? 1), 'fences never fall');
      must((this.runs.get(key) ?? 0) <= row.attempts, 'attempts are counted before they run');
      if (old?.state === 'done' || old?.state === 'dead') {
        const isReplayed = row.fence > old.fence && row.attempts_before === old.attempts;
        must(row.state === old.state || isReplayed, 'what is over stays over, unless replayed');
      }
      if (row.state !== 'pending' || !this.rows.isLive(row)) continue;
      const holder = this.processOf(row.lease_owner as string);
      const lane = `${row.listener} ${row.ordering_key}`;
      must((holders.get(lane) ?? holder) === holder, 'one process at a time holds a lane');
      holders.set(lane, holder);
      if (old?.fence !== row.fence) this.checkGrant(row, rows, holder);
    }
    for (const key of before.keys()) must(now.has(key), 'nothing disappears');
    return now;
  }

  /** A lease that was just given: nothing earlier of its lane is left to others. */
  private checkGrant(row: Row, rows: readonly Row[], holder: ReadonlySet<string>): void {
    const isEarly = rows.some(
      (it) =>
        inLane(it, row) && it.callback_id < row.callback_id && !holder.has(it.lease_owner ?? ''),
    );
    must(!isEarly, 'no lease is given before an earlier delivery of the lane');
  }

  private processOf(owner: string): ReadonlySet<string> {
    const names = [...this.nodes.map((node) => node.names), ...this.gone];
    return names.find((it) => it.has(owner)) as ReadonlySet<string>;
  }

  /** One process is left and nothing else happens: everything comes to an end. */
  private async drain(before: Map<string, Row>): Promise<void> {
    for (let index = 1; index < this.nodes.length; index++) this.replace(index);
    const node = this.node(0);
    let last = before;
    for (let round = 0; round < DRAIN_ROUNDS; round++) {
      for (const work of node.running) await this.finish(node, work, 'done');
      if (this.table.rows().every(({ state }) => state !== 'pending')) return;
      this.table.elapsed += RETRY_MS;
      await this.renew(node);
      await this.claim(node, { only: -1, isLost: false, isRaced: false });
      for (const work of node.ready) await this.run(node, work, 'done');
      last = this.check(last);
    }
    must(false, 'everything is done or dead in the end');
  }

  private node(index: number): DeliveryNode {
    return this.nodes[index % this.nodes.length] as DeliveryNode;
  }
}

function inLane(row: Row, other: Row): boolean {
  return (
    row.state === 'pending' &&
    row.listener === other.listener &&
    row.ordering_key === other.ordering_key
  );
}

/** Ids end with a number that only rises, whatever the clocks say. */
function storedBefore(row: Row, other: Row): boolean {
  return row.callback_id.slice(-4) < other.callback_id.slice(-4);
}

function pick<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)];
}

function countsAhead(listener: string): boolean {
  return attemptsOf({ listener }) > 1;
}

function attemptsOf({ listener }: Pick<Work, 'listener'>): number {
  return LISTENERS.find(({ id }) => id === listener)?.attempts ?? 0;
}

function leaseOf({ callbackId, listener, fence }: Held): Held {
  return { callbackId, listener, fence };
}

function nameOf({ callbackId, listener }: Pick<Held, 'callbackId' | 'listener'>): string {
  return `${callbackId} ${listener}`;
}

/** In place of `expect`, which takes most of the time where it is called a million times. */
function must(isTrue: boolean, what: string): void {
  if (!isTrue) throw new AssertionError({ message: what });
}

function mustEqual<T extends string | number | boolean>(
  actual: T,
  expected: T,
  what: string,
): void {
  if (actual === expected) return;
  throw new AssertionError({ message: `${what}: ${actual}, not ${expected}`, actual, expected });
}

/** Every column as the model has it. */
function mustBeAlike<T extends object>(actual: T, expected: T | undefined): void {
  for (const column in actual) {
    if (actual[column] === expected?.[column]) continue;
    const values = `${String(actual[column])}, not ${String(expected?.[column])}`;
    throw new AssertionError({ message: `${column}: ${values}`, actual, expected });
  }
}
