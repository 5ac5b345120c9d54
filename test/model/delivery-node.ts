import { CallbackStore } from '../../src/audit/index.js';
import { PendingHandOvers } from '../../src/audit/pending-hand-overs.js';
import { ProcessIdentity } from '../../src/audit/process-identity.js';
import { StoredDeliveryLedger } from '../../src/audit/stored-delivery.ledger.js';
import type { NewCallback } from '../../src/audit/writers/callback.writer.js';
import {
  Sequence,
  type DeliveryLease,
  type DeliveryPlacement,
  type LiveEventDispatcher,
  type TakenDelivery,
} from '../../src/bus/index.js';
import { EventCatalog, EventInterpreter } from '../../src/events/index.js';
import type { DeliveryTable } from './delivery-table.js';

const interpreter = new EventInterpreter(new EventCatalog([]));

/** A delivery in the memory of a process. */
export interface Work {
  readonly callbackId: string;
  readonly listener: string;
  readonly streamKey: string;
  fence: number;
  leasedAt: number;
  attempts: number;
  readonly attemptsBefore: number;
  isCounted: boolean;
  isLost: boolean;
  isRunning: boolean;
  /** Monotonic time before which it is not tried again. */
  pausedUntil: number;
}

/**
 * One process: the module's own store and ledger, and in place of listeners and timers a memory that
 * the history drives.
 */
export class DeliveryNode {
  /** In the order of a lane; the head of each may run. */
  memory: Work[] = [];
  /** How wrong its wall clock is, ms. */
  clockError = 0;
  hasRoom = true;
  losesAnswer = false;
  beforeClaim: () => Promise<void> = () => Promise.resolve();
  readonly identity = new ProcessIdentity();
  readonly store: CallbackStore;
  readonly ledger: StoredDeliveryLedger;
  /** The names that it has had. */
  readonly names = new Set([this.identity.id]);

  constructor(private readonly table: DeliveryTable) {
    const database = table.connect(
      () => this.losesAnswer,
      () => this.beforeClaim(),
    );
    const sequence = new Sequence();
    const handOvers = new PendingHandOvers();
    const placement = { takes: () => this.hasRoom, graceMs: null, wake: () => {} };
    const dispatcher = {
      inOrder: <T>(step: () => Promise<T>) => sequence.run(step),
    };
    this.store = new CallbackStore(
      database,
      this.identity,
      handOvers,
      dispatcher as unknown as LiveEventDispatcher,
      placement as unknown as DeliveryPlacement,
    );
    this.ledger = new StoredDeliveryLedger(
      database,
      this.identity,
      handOvers,
      interpreter,
      undefined as never, // no listener of the model is transactional
    );
  }

  get clock(): number {
    return this.table.now - this.table.setForward + this.clockError;
  }

  /** @returns whether all were acknowledged */
  async receive(callbacks: readonly NewCallback[]): Promise<boolean> {
    const outcomes = await Promise.allSettled(
      callbacks.map((callback) =>
        this.store.put(callback, ({ deliveries }) => this.take(callback.id, deliveries)),
      ),
    );
    await this.store.drained();
    this.names.add(this.identity.id);
    return outcomes.every(({ status }) => status === 'fulfilled');
  }

  /** @returns keys of what was claimed */
  async claim(listeners: readonly string[], limit: number): Promise<readonly string[] | null> {
    try {
      const isHeld = (lease: DeliveryLease) => this.holdsLease(lease);
      const { claimed } = await this.ledger.claim(listeners, limit, isHeld);
      for (const { event, delivery } of claimed) this.take(event.id, [delivery]);
      return claimed.map(({ event, delivery }) => `${event.id} ${delivery.listener}`);
    } catch {
      this.names.add(this.identity.id);
      return null;
    }
  }

  /** What could run now: the head of each lane. */
  get ready(): Work[] {
    const lanes = new Set<string>();
    return this.memory.filter((work) => {
      const lane = `${work.listener} ${work.streamKey}`;
      const isHead = !lanes.has(lane);
      lanes.add(lane);
      return isHead && !work.isRunning && work.pausedUntil <= this.table.elapsed;
    });
  }

  get running(): Work[] {
    return this.memory.filter(({ isRunning }) => isRunning);
  }

  holdsLease({ callbackId, listener, fence }: DeliveryLease): boolean {
    return this.memory.some(
      (it) => it.callbackId === callbackId && it.listener === listener && it.fence === fence,
    );
  }

  drop(work: Work): void {
    this.memory = this.memory.filter((it) => it !== work);
  }

  private take(callbackId: string, deliveries: readonly TakenDelivery[]): void {
    for (const { listener, streamKey, fence, attempts, isCounted, attemptsBefore } of deliveries) {
      const known = this.memory.find(
        (it) => it.callbackId === callbackId && it.listener === listener,
      );
      if (known) Object.assign(known, { fence, attempts, isLost: false });
      else {
        this.memory.push({
          callbackId,
          listener,
          streamKey,
          fence,
          attempts,
          attemptsBefore,
          isCounted,
          leasedAt: this.table.elapsed,
          isLost: false,
          isRunning: false,
          pausedUntil: 0,
        });
      }
    }
  }
}
