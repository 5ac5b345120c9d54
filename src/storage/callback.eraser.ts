import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';

import { CallbackDatabase } from './connection/callback.database.js';
import { dialectOf, NOW_MS } from './connection/dialect.js';
import { lockRows } from './connection/row-locks.js';
import { LiveCallback, LiveCallbackDelivery } from './entities/index.js';

/** Callbacks to be erased, if nothing has happened to them since a time. */
export interface EraseBatch {
  /** At least one. */
  readonly ids: readonly string[];
  /** Unix milliseconds. One that came again, was replayed or requeued after it stays. */
  readonly before: number;
  /** Why, and at whose request, where it is not for their age; and whether their stream is to be forgotten. */
  readonly record?: {
    readonly reason: string;
    readonly actor: string;
    readonly forgetsStream: boolean;
  };
}

/**
 * Erases stored callbacks, in part or whole. Never waits for rows that the receipt of callbacks or
 * another purge holds: it passes over them, and a later purge comes to them.
 */
@Injectable()
export class CallbackEraser {
  constructor(private readonly database: CallbackDatabase) {}

  /**
   * Drops the bodies of callbacks, and what else may be personal. Whether their deliveries are closed
   * is for the caller to see first: what opens one again writes to the callback before.
   *
   * @returns how many
   */
  dropBodies(batch: EraseBatch): Promise<number> {
    const { record } = batch;
    // What has lost its body for its age still names its stream.
    return this.erase(batch, record?.forgetsStream ? '>= 0' : '= 0', async (manager, ids) => {
      await manager
        .createQueryBuilder()
        .update(LiveCallback)
        .set({
          body: null,
          errors: null,
          warnings: null,
          remoteAddress: null,
          ...(record && { eraseReason: record.reason, eraseActor: record.actor }),
          bodyPurgedAt: () => NOW_MS[dialectOf(manager.connection)],
        })
        .where({ id: In(ids) })
        .execute();
      await manager
        .createQueryBuilder()
        .update(LiveCallbackDelivery)
        .set({ lastError: null })
        .where({ callbackId: In(ids) })
        .andWhere('lastError IS NOT NULL')
        .execute();
      if (record) await forget(manager, ids, record.forgetsStream);
    });
  }

  /**
   * Deletes callbacks whose body was dropped, with their deliveries.
   *
   * @returns how many
   */
  deleteCallbacks(batch: EraseBatch): Promise<number> {
    return this.erase(batch, '> 0', async (manager, ids) => {
      await manager.delete(LiveCallbackDelivery, { callbackId: In(ids) });
      await manager.delete(LiveCallback, { id: In(ids) });
    });
  }

  private erase(
    { ids, before }: EraseBatch,
    bodyPurgedAt: '= 0' | '> 0' | '>= 0',
    work: (manager: EntityManager, ids: string[]) => Promise<void>,
  ): Promise<number> {
    return this.database.transaction(async (manager) => {
      const query = manager
        .createQueryBuilder(LiveCallback, 'c')
        .select('c.id')
        .where('c.id IN (:...ids)', { ids })
        // Not as IS NULL, for which there is an index: MySQL would lock that one first, and others the row.
        .andWhere(`coalesce(c.bodyPurgedAt, 0) ${bodyPurgedAt}`)
        .andWhere('c.lastReceivedAt < :before')
        .andWhere('coalesce(c.reviewedAt, 0) < :before', { before });
      const free = (await lockRows(query, 'skip').getMany()).map(({ id }) => id);
      if (free.length > 0) await work(manager, free);
      return free.length;
    });
  }
}

/**
 * Makes the digests random: whoever has the rest of a body could try addresses until one gives its
 * digest, and an ordering key names a stream in the same way.
 */
async function forget(
  manager: EntityManager,
  ids: readonly string[],
  forgetsStream: boolean,
): Promise<void> {
  for (const id of ids) {
    await manager.update(
      LiveCallback,
      { id },
      {
        contentDigest: randomUUID(),
        identityDigest: randomUUID(),
        ...(forgetsStream && { streamName: null, sequence: null }),
      },
    );
    if (forgetsStream) {
      await manager.update(LiveCallbackDelivery, { callbackId: id }, { orderingKey: id });
    }
  }
}
