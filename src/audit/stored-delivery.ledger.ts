import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import {
  DeliveryLedger,
  errorText,
  type ClaimedDelivery,
  type ClaimResult,
  type DeliveryLane,
  type DeliveryLease,
  type DeliveryOutcome,
  type DeliveryStanding,
  type HoldsLease,
  type LaneClaim,
  type ReleasedDelivery,
} from '../bus/index.js';
import { EventInterpreter, parsePayload, toLiveEvent } from '../events/index.js';
import { BatchQueue } from './batch.queue.js';
import { CallbackDatabase } from './callback.database.js';
import { dialectOf, NOW_MS } from './dialect.js';
import { findDue, type DueFilter } from './due-deliveries.query.js';
import { LiveCallback, LiveCallbackDelivery } from './entities/index.js';
import { isPending } from './open-deliveries.js';
import { PendingHandOvers } from './pending-hand-overs.js';
import { LEASE_MS, ProcessIdentity } from './process-identity.js';
import { TransactionRunner } from './transaction.runner.js';
import type { Lease } from './writers/callback.writer.js';

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
/** Rows that one statement of a sweep names. */
const CHUNK = 200;
/** One attempt without an outcome is what every waiting delivery of a dead process has. */
const SUSPICIOUS_ATTEMPTS = 2;

/** Keeps deliveries in the table `live_callback_delivery`. */
@Injectable()
export class StoredDeliveryLedger extends DeliveryLedger {
  private readonly logger = new Logger('LiveCallback');
  private readonly outcomes = new BatchQueue<DeliveryOutcome, void>(
    (outcomes) => this.writeOutcomes(outcomes),
    OUTCOME_BATCHES,
    (error) => this.database.isOpen && this.database.writer.isRowFault(error),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly process: ProcessIdentity,
    private readonly handOvers: PendingHandOvers,
    private readonly interpreter: EventInterpreter,
    private readonly transactions: TransactionRunner,
  ) {
    super();
  }

  async begin(lease: DeliveryLease): Promise<boolean> {
    for (;;) {
      try {
        // Prolonged too: under a lease that has run out, another node could take it while it runs.
        const { owner, milliseconds } = this.newLease;
        const now = NOW_MS[dialectOf(this.database.dataSource)];
        const { affected } = await this.update(lease, {
          attempts: () => 'attempts + 1',
          nextAttemptAt: null,
          leaseOwner: owner,
          leaseUntil: () => `${now} + ${milliseconds}`,
        });
        return affected === 1;
      } catch (error) {
        if (!this.database.isOpen) return false;
        this.logger.error(`An attempt could not be counted, and waits: ${errorText(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }

  async settle(outcome: DeliveryOutcome): Promise<void> {
    for (;;) {
      try {
        await this.outcomes.add(outcome);
        return;
      } catch (error) {
        const { listener, callbackId } = outcome;
        this.logger.error(
          `The outcome of ${listener} on ${callbackId} could not be recorded, and waits: ${errorText(error)}`,
        );
        if (!this.database.isOpen) return;
        await sleep(RETRY_MS);
      }
    }
  }

  transact(lease: DeliveryLease, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.transactions.run(lease, work);
  }

  renew(leases: readonly DeliveryLease[]): Promise<readonly DeliveryLease[]> {
    return this.database.writer.renew(leases, this.newLease);
  }

  async claim(
    listeners: readonly string[],
    limit: number,
    isHeld: HoldsLease,
  ): Promise<ClaimResult> {
    const due = await this.findDue(limit, { listeners });
    const claimed = await this.takeOver(due, isHeld);
    return { claimed, hasMore: due.length === limit && claimed.length > 0 };
  }

  async claimLanes(
    lanes: readonly DeliveryLane[],
    limit: number,
    isHeld: HoldsLease,
  ): Promise<LaneClaim> {
    const due = await this.findDue(limit, { lanes });
    const claimed = await this.takeOver(due, isHeld);
    const wanted = new Set(due.map(laneOf));
    const taken = new Set(claimed.map(({ delivery }) => laneOf(delivery)));
    const isCut = due.length === limit;
    const contested = lanes.filter(
      (lane) => !taken.has(laneOf(lane)) && (isCut || wanted.has(laneOf(lane))),
    );
    return { claimed, contested };
  }

  async standingOf(callbackId: string, listener: string): Promise<DeliveryStanding | null> {
    const { dataSource } = this.database;
    const row = await dataSource
      .getRepository(LiveCallbackDelivery)
      .createQueryBuilder('d')
      .select('d.streamKey', 'streamKey')
      .addSelect('d.state', 'state')
      .addSelect(
        `CASE WHEN d.lease_until >= ${NOW_MS[dialectOf(dataSource)]} THEN 1 ELSE 0 END`,
        'held',
      )
      .where({ callbackId, listener })
      .getRawOne<Omit<DeliveryStanding, 'isHeld'> & { held: number | string }>();
    if (!row) return null;
    return { streamKey: row.streamKey, state: row.state, isHeld: Number(row.held) === 1 };
  }

  async release(leases: readonly ReleasedDelivery[]): Promise<void> {
    if (leases.length > 0) await this.database.writer.release(leases);
  }

  private get newLease(): Lease {
    return { owner: this.process.id, milliseconds: LEASE_MS };
  }

  private findDue(limit: number, among: DueFilter): Promise<LiveCallbackDelivery[]> {
    return findDue(this.database.dataSource, this.process.id, limit, among);
  }

  /** Leaves alone what this process holds, with its lane, whose other leases ran out with that one. */
  private async takeOver(
    due: readonly LiveCallbackDelivery[],
    isHeld: HoldsLease,
  ): Promise<ClaimedDelivery[]> {
    const ours = new Set(due.filter(isHeld).map(laneOf));
    const others = due.filter((row) => !ours.has(laneOf(row)));
    try {
      const claimed: ClaimedDelivery[] = [];
      for (let start = 0; start < others.length; start += CHUNK) {
        const chunk = others.slice(start, start + CHUNK);
        claimed.push(...(await this.withEvents(await this.lease(chunk))));
      }
      return claimed;
    } catch (error) {
      // What was claimed and is not in memory must not let later events of its stream pass.
      this.process.change();
      this.database.dropIdleConnections();
      throw error;
    }
  }

  /** @returns the rows that are leased to this process now, with their new fence */
  private async lease(rows: readonly LiveCallbackDelivery[]): Promise<LiveCallbackDelivery[]> {
    const { writer } = this.database;
    const leases = await writer.claim(rows, this.newLease);
    const fences = new Map(leases.map((it) => [keyOf(it), it.fence]));
    const leased = rows.flatMap((row) => {
      const fence = fences.get(keyOf(row));
      return fence === undefined ? [] : [Object.assign(row, { fence })];
    });
    const contested = new Set((await writer.contested(leased, this.process.id)).map(keyOf));
    for (const row of this.handOvers.behindThem(leased)) contested.add(keyOf(row));
    await this.release(
      leased
        .filter((row) => contested.has(keyOf(row)))
        .map(({ callbackId, listener, fence }) => ({
          callbackId,
          listener,
          fence,
          isUnused: false,
        })),
    );
    return leased.filter((row) => !contested.has(keyOf(row)));
  }

  private async writeOutcomes(outcomes: readonly DeliveryOutcome[]): Promise<void[]> {
    await this.database.writer.settle(decisiveOf(outcomes));
    return outcomes.map(() => undefined);
  }

  private update({ callbackId, listener, fence }: DeliveryLease, values: object) {
    return this.database.dataSource
      .createQueryBuilder()
      .update(LiveCallbackDelivery)
      .set(values)
      .where({ callbackId, listener, fence })
      .andWhere(isPending('state'))
      .execute();
  }

  private async withEvents(rows: readonly LiveCallbackDelivery[]): Promise<ClaimedDelivery[]> {
    const ids = [...new Set(rows.map(({ callbackId }) => callbackId))];
    if (ids.length === 0) return [];
    const callbacks = await this.database.dataSource
      .getRepository(LiveCallback)
      .createQueryBuilder('c')
      .where('c.id IN (:...ids)', { ids })
      .getMany();
    const byId = new Map(callbacks.map((callback) => [callback.id, callback]));
    return rows.flatMap((row) => {
      const callback = byId.get(row.callbackId);
      // A purge leaves open deliveries their body.
      if (!callback || callback.body === null) return [];
      return [this.toClaimed(row, callback, callback.body)];
    });
  }

  private toClaimed(
    row: LiveCallbackDelivery,
    callback: LiveCallback,
    body: string,
  ): ClaimedDelivery {
    const { listener, streamKey, fence, attempts, attemptsBefore } = row;
    const payload = parsePayload(body).value;
    const meaning = this.interpreter.interpret(payload);
    const { id, receivedAt, variant } = callback;
    const replay =
      row.replayedAt === null
        ? null
        : { at: row.replayedAt, reason: row.replayReason ?? '', actor: row.replayActor ?? '' };
    // A recorded outcome sets the time of the next attempt, which the count of that one clears.
    const isRecorded = row.nextAttemptAt !== null;
    return {
      event: toLiveEvent({ id, receivedAt, attempt: attempts, variant, replay }, meaning, payload),
      delivery: {
        listener,
        streamKey,
        fence,
        attempts,
        isCounted: false,
        attemptsBefore,
        isSuspect: !isRecorded && attempts - attemptsBefore >= SUSPICIOUS_ATTEMPTS,
      },
    };
  }
}

/** An outcome per delivery: that of its last lease that ends it, or else the last one. */
function decisiveOf(outcomes: readonly DeliveryOutcome[]): DeliveryOutcome[] {
  const byDelivery = new Map<string, DeliveryOutcome>();
  for (const outcome of outcomes) {
    const key = keyOf(outcome);
    const known = byDelivery.get(key);
    if (!known || isSuperseded(known, outcome)) byDelivery.set(key, outcome);
  }
  return [...byDelivery.values()];
}

/** One that could not be recorded is said again, and may come after that of a later attempt. */
function isSuperseded(known: DeliveryOutcome, { fence }: DeliveryOutcome): boolean {
  return known.fence === fence ? known.state === 'pending' : known.fence < fence;
}

function laneOf({ listener, streamKey }: DeliveryLane): string {
  return `${listener} ${streamKey}`;
}

function keyOf({ callbackId, listener }: Pick<DeliveryLease, 'callbackId' | 'listener'>): string {
  return `${callbackId} ${listener}`;
}
