import type { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { TimeScale } from '../../src/common/time-scale.js';
import type { DeliveryDispatcher } from '../../src/delivery/delivery.dispatcher.js';
import { HandOver } from '../../src/delivery/hand-over.js';
import type { LeaseKeeper } from '../../src/delivery/lease.keeper.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import type { LiveEvent } from '../../src/events/live-event.js';
import { DatabaseCallbackStore } from '../../src/storage/database-callback.store.js';
import { ClaimedEventReader } from '../../src/storage/claimed-event.reader.js';
import type { DeliveryLease, LeasedDelivery } from '../../src/storage/delivery.lease.js';
import { DeliveryClaimer } from '../../src/storage/delivery.claimer.js';
import { DeliveryStore } from '../../src/storage/delivery.store.js';
import { LeaseOwner } from '../../src/storage/lease-owner.js';
import type { NewCallback } from '../../src/storage/sql/callback.writer.js';
import type { DeliveryTable } from './delivery-table.js';

const interpreter = new EventInterpreter(new EventCatalog([]));

/** A delivery in the memory of a process. */
export interface Work {
  readonly callbackId: string;
  readonly listener: string;
  readonly orderingKey: string;
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
 * One process: the module's own stores and hand-over, and in place of listeners and timers a memory that
 * the history drives.
 */
export class DeliveryNode {
  /** In the order of a lane; the head of each may run. */
  memory: Work[] = [];
  /** How wrong its wall clock is, ms. */
  clockError = 0;
  hasRoom = true;
  private room = 0;
  losesAnswer = false;
  beforeClaim: () => Promise<void> = () => Promise.resolve();
  readonly identity = new LeaseOwner();
  readonly store: DatabaseCallbackStore;
  readonly deliveries: DeliveryStore;
  private readonly handOver: HandOver;
  /** The names that it has had. */
  readonly names = new Set([this.identity.id]);

  /** @param countsAhead whether the first attempt of a listener is counted with its lease */
  constructor(
    private readonly table: DeliveryTable,
    countsAhead: (listener: string) => boolean,
  ) {
    const database = table.connect(
      () => this.losesAnswer,
      () => this.beforeClaim(),
    );
    const time = new TimeScale();
    this.store = new DatabaseCallbackStore(
      database,
      this.identity,
      { takes: () => this.hasRoom, graceMs: null },
      { name: 'default' } as LiveCallbackConfig,
      time,
    );
    this.deliveries = new DeliveryStore(database, this.identity, time);
    const memory: Partial<DeliveryDispatcher> = {
      observe: () => {},
      roomOf: () => this.room,
      accepts: () => true,
      dispatch: (event, delivery) => this.take(event.id, delivery),
      expectMore: () => false,
      countsAhead,
    };
    this.handOver = new HandOver(
      this.deliveries,
      new DeliveryClaimer(
        database,
        this.identity,
        new ClaimedEventReader(database, interpreter),
        time,
      ),
      memory as DeliveryDispatcher,
      {
        holds: (lease: DeliveryLease) => this.holdsLease(lease),
      } as LeaseKeeper,
    );
  }

  get clock(): number {
    return this.table.now - this.table.setForward + this.clockError;
  }

  /** @returns whether all were acknowledged */
  async receive(callbacks: readonly NewCallback[]): Promise<boolean> {
    const outcomes = await Promise.allSettled(
      callbacks.map(async (callback) => {
        const { leased } = await this.store.put(callback);
        this.handOver.add({ id: callback.id } as LiveEvent, leased);
      }),
    );
    await this.handOver.drained();
    this.names.add(this.identity.id);
    return outcomes.every(({ status }) => status === 'fulfilled');
  }

  /** @returns keys of what was claimed */
  async claim(listeners: readonly string[], room: number): Promise<readonly string[] | null> {
    this.room = room;
    try {
      const { claimed } = await this.handOver.claim({ registration: 'default', listeners });
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
      const lane = `${work.listener} ${work.orderingKey}`;
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

  private take(callbackId: string, taken: LeasedDelivery): void {
    const { listener, orderingKey, fence, attempts, isCounted, attemptsBefore } = taken;
    const known = this.memory.find(
      (it) => it.callbackId === callbackId && it.listener === listener,
    );
    if (known) {
      Object.assign(known, { fence, attempts, isLost: false });
      return;
    }
    this.memory.push({
      callbackId,
      listener,
      orderingKey,
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
