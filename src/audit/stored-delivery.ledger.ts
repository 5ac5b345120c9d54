import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import {
  DeliveryLedger,
  errorText,
  type ClaimedDelivery,
  type DeliveryLease,
  type DeliveryOutcome,
  type ReleasedDelivery,
} from '../bus/index.js';
import { EventInterpreter, parsePayload, toLiveEvent } from '../events/index.js';
import { BatchQueue } from './batch.queue.js';
import { CallbackDatabase } from './callback.database.js';
import { dialectOf, ID_AS_TEXT, NOW_MS } from './dialect.js';
import { LiveCallback, LiveCallbackDelivery } from './entities/index.js';
import { LEASE_MS, ProcessIdentity } from './process-identity.js';
import { TransactionRunner } from './transaction.runner.js';
import type { Lease } from './writers/callback.writer.js';

const LIMITS = { items: 256, weight: Infinity, waiting: Infinity, waitingWeight: Infinity };
const RETRY_MS = 1_000;
/** Rows that one statement of a sweep names. */
const CHUNK = 200;

/** Keeps deliveries in the table `live_callback_delivery`. */
@Injectable()
export class StoredDeliveryLedger extends DeliveryLedger {
  private readonly logger = new Logger('LiveCallback');
  private readonly outcomes = new BatchQueue<DeliveryOutcome, void>(
    (outcomes) => this.writeOutcomes(outcomes),
    LIMITS,
    (error) => this.database.isOpen && this.database.writer.isRowFault(error),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly process: ProcessIdentity,
    private readonly interpreter: EventInterpreter,
    private readonly transactions: TransactionRunner,
  ) {
    super();
  }

  async begin(lease: DeliveryLease): Promise<boolean> {
    for (;;) {
      try {
        const { affected } = await this.update(lease, {
          attempts: () => 'attempts + 1',
          nextAttemptAt: null,
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

  async renew(leases: readonly DeliveryLease[]): Promise<void> {
    await this.database.writer.renew(leases, this.lease);
  }

  async claim(listeners: readonly string[], limit: number): Promise<readonly ClaimedDelivery[]> {
    const due = await this.findDue(listeners, limit);
    const claimed: ClaimedDelivery[] = [];
    for (let start = 0; start < due.length; start += CHUNK) {
      const chunk = due.slice(start, start + CHUNK);
      const found = chunk.map(({ callbackId, listener, fence }) => ({
        callbackId,
        listener,
        fence,
      }));
      const leases = await this.database.writer.claim(found, this.lease);
      claimed.push(...(await this.withEvents(chunk, leases)));
    }
    return claimed;
  }

  async release(leases: readonly ReleasedDelivery[]): Promise<void> {
    for (const { isUnused, ...lease } of leases) {
      await this.update(lease, {
        leaseOwner: null,
        leaseUntil: null,
        ...(isUnused ? { attempts: () => 'attempts - 1' } : {}),
      });
    }
  }

  private get lease(): Lease {
    return { owner: this.process.id, milliseconds: LEASE_MS };
  }

  private async writeOutcomes(outcomes: readonly DeliveryOutcome[]): Promise<void[]> {
    // Of several outcomes of one delivery the last is the one that counts.
    const last = new Map(outcomes.map((it) => [`${it.callbackId} ${it.listener}`, it]));
    await this.database.writer.settle([...last.values()]);
    return outcomes.map(() => undefined);
  }

  private update({ callbackId, listener, fence }: DeliveryLease, values: object) {
    return this.database.dataSource
      .createQueryBuilder()
      .update(LiveCallbackDelivery)
      .set(values)
      .where({ callbackId, listener, fence, state: 'pending' })
      .execute();
  }

  /**
   * Deliveries that may run now, oldest first: nobody holds them, their time has come, and no earlier
   * one of their lane waits for its time or is held by another process.
   */
  private findDue(listeners: readonly string[], limit: number): Promise<LiveCallbackDelivery[]> {
    const { dataSource } = this.database;
    const dialect = dialectOf(dataSource);
    const now = NOW_MS[dialect];
    const id = ID_AS_TEXT[dialect];
    const lanes = (query: SelectQueryBuilder<ObjectLiteral>) =>
      query
        .select('e.listener', 'listener')
        .addSelect('e.stream_key', 'stream_key')
        .addSelect(`min(${id('e.callback_id')})`, 'earliest')
        .from(LiveCallbackDelivery, 'e')
        .where("e.state = 'pending'")
        .andWhere(
          `(e.next_attempt_at > ${now} OR (e.lease_until >= ${now} AND e.lease_owner <> :owner))`,
        )
        .groupBy('e.listener')
        .addGroupBy('e.stream_key');
    // Joined and not asked per row: a backlog of many rows is read once.
    return dataSource
      .getRepository(LiveCallbackDelivery)
      .createQueryBuilder('d')
      .leftJoin(lanes, 'held', 'held.listener = d.listener AND held.stream_key = d.stream_key')
      .where("d.state = 'pending'")
      .andWhere(`(d.lease_until IS NULL OR d.lease_until < ${now})`)
      .andWhere(`(d.next_attempt_at IS NULL OR d.next_attempt_at <= ${now})`)
      .andWhere('d.listener IN (:...listeners)', { listeners })
      .andWhere(`(held.earliest IS NULL OR ${id('d.callback_id')} < held.earliest)`)
      .setParameter('owner', this.process.id)
      .orderBy('d.callback_id')
      .limit(limit)
      .getMany();
  }

  private async withEvents(
    rows: readonly LiveCallbackDelivery[],
    leases: readonly DeliveryLease[],
  ): Promise<ClaimedDelivery[]> {
    const ids = [...new Set(leases.map(({ callbackId }) => callbackId))];
    if (ids.length === 0) return [];
    const callbacks = await this.database.dataSource
      .getRepository(LiveCallback)
      .createQueryBuilder('c')
      .where('c.id IN (:...ids)', { ids })
      .getMany();
    const byId = new Map(callbacks.map((callback) => [callback.id, callback]));
    return leases.flatMap((lease) => {
      const row = rows.find(
        (it) => it.callbackId === lease.callbackId && it.listener === lease.listener,
      );
      const callback = byId.get(lease.callbackId);
      return row && callback ? [this.toClaimed(lease, row, callback)] : [];
    });
  }

  private toClaimed(
    lease: DeliveryLease,
    row: LiveCallbackDelivery,
    callback: LiveCallback,
  ): ClaimedDelivery {
    const payload = parsePayload(callback.body).value;
    const meaning = this.interpreter.interpret(payload);
    const { id, receivedAt, variant } = callback;
    const replay =
      row.replayedAt === null
        ? null
        : { at: row.replayedAt, reason: row.replayReason ?? '', actor: row.replayActor ?? '' };
    return {
      ...lease,
      event: toLiveEvent(
        { id, receivedAt, attempt: row.attempts, variant, replay },
        meaning,
        payload,
      ),
      streamKey: row.streamKey,
      attemptsBefore: row.attemptsBefore,
    };
  }
}
