import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import { BatchQueue } from './batch.queue.js';
import { errorText } from '../common/error-text.js';
import { TimeScale } from '../common/time-scale.js';
import { CallbackDatabase } from './connection/callback.database.js';
import {
  deliveryOf,
  type CountedLease,
  type DeliveryLease,
  type DeliveryOutcome,
  type LeasedDelivery,
} from './delivery.lease.js';
import { LeaseOwner } from './lease-owner.js';
import { countAttempt } from './sql/attempt.update.js';

/** Nobody waits for an outcome to be recorded: it may wait for others. */
const OUTCOME_BATCHES = {
  items: 256,
  weight: Infinity,
  waiting: Infinity,
  waitingWeight: Infinity,
  paceMs: 20,
  enough: 128,
  deadlineMs: Infinity,
};
const RETRY_MS = 1_000;

/** The deliveries of the table `live_callback_delivery`, which are leased, attempted and settled there. */
@Injectable()
export class DeliveryStore {
  private readonly logger = new Logger('LiveCallback');
  private readonly outcomes = new BatchQueue<DeliveryOutcome, void>(
    (outcomes) => this.writeOutcomes(outcomes),
    OUTCOME_BATCHES,
    (error) => this.database.isOpen && this.database.writer.isRowFault(error),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly owner: LeaseOwner,
    private readonly time: TimeScale,
  ) {}

  /**
   * Counts a further attempt before it runs, unless the lease does, and prolongs that. False when the lease is lost or
   * the work is done.
   */
  begin(held: CountedLease): Promise<boolean> {
    return this.persist('An attempt could not be counted', false, () =>
      countAttempt(this.database, held, this.owner.lease),
    );
  }

  /** Resolves when the outcome is durable, however long that takes; later ones do not wait for it. */
  settle(outcome: DeliveryOutcome): Promise<void> {
    const problem = `The outcome of ${outcome.listener} on ${outcome.callbackId} could not be recorded`;
    return this.persist(problem, undefined, () => this.outcomes.add(outcome));
  }

  /** Prolongs leases of this process. @returns those that it has lost */
  renew(leases: readonly DeliveryLease[]): Promise<readonly DeliveryLease[]> {
    return this.database.writer.renew(leases, this.owner.lease);
  }

  /** Gives leases back, so that another process may take them at once. */
  async release(leases: readonly CountedLease[]): Promise<void> {
    if (leases.length === 0) return;
    try {
      await this.database.writer.release(leases);
    } catch (error) {
      this.loseTrack();
      throw error;
    }
  }

  /**
   * Which of the deliveries that were just stored and leased must be given back, because one that this
   * process does not hold comes before them in their ordering key, or because nobody can tell.
   */
  async contested(leased: readonly LeasedDelivery[]): Promise<readonly LeasedDelivery[]> {
    // Who is alone in a key has nobody to ask about.
    const ordered = leased.filter(({ callbackId, orderingKey }) => orderingKey !== callbackId);
    // What track was lost of since then may come before them, and is leased under the former name.
    const stale = ordered.filter(({ owner }) => owner !== this.owner.id);
    const asked = ordered.filter(({ owner }) => owner === this.owner.id);
    if (asked.length === 0) return stale;
    try {
      const keys = await this.database.writer.contested(asked, this.owner.id);
      const contested = new Set(keys.map(deliveryOf));
      return [...stale, ...asked.filter((it) => contested.has(deliveryOf(it)))];
    } catch (error) {
      this.loseTrack();
      throw error;
    }
  }

  /** Tries until the database has answered. @param otherwise what to say when it is closed before */
  private async persist<T>(problem: string, otherwise: T, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.logger.error(`${problem}, and waits: ${errorText(error)}`);
        if (!this.database.isOpen) return otherwise;
        await sleep(this.time.real(RETRY_MS));
      }
    }
  }

  /** Rows may be leased to this process that it does not know of. */
  private loseTrack(): void {
    this.owner.rename();
    this.database.doubt();
  }

  private async writeOutcomes(outcomes: readonly DeliveryOutcome[]): Promise<void[]> {
    await this.database.writer.settle(decisiveOf(outcomes));
    return outcomes.map(() => undefined);
  }
}

/** An outcome per delivery: that of its last lease that ends it, or else the last one. */
function decisiveOf(outcomes: readonly DeliveryOutcome[]): DeliveryOutcome[] {
  const byDelivery = new Map<string, DeliveryOutcome>();
  for (const outcome of outcomes) {
    const key = deliveryOf(outcome);
    const known = byDelivery.get(key);
    if (!known || isSuperseded(known, outcome)) byDelivery.set(key, outcome);
  }
  return [...byDelivery.values()];
}

/** One that could not be recorded is said again, and may come after that of a later attempt. */
function isSuperseded(known: DeliveryOutcome, { fence }: DeliveryOutcome): boolean {
  return known.fence === fence ? known.state === 'pending' : known.fence < fence;
}
