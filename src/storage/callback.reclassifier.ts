import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';

import { CallbackDatabase } from './connection/callback.database.js';
import { dialectOf, NOW_MS } from './connection/dialect.js';
import { lockRows } from './connection/row-locks.js';
import { LiveCallback, LiveCallbackDelivery } from './entities/index.js';
import type { NewDelivery } from './sql/callback.writer.js';

/** What a stored callback turned out to be, after it had been unknown or quarantined. */
export interface Reclassified extends Pick<
  LiveCallback,
  'id' | 'registration' | 'kind' | 'occurredAt' | 'identityDigest' | 'warnings'
> {
  /** The listeners that get it. */
  readonly deliveries: readonly Pick<NewDelivery, 'callbackId' | 'listener' | 'orderingKey'>[];
}

/** Changes what stored callbacks are taken for. */
@Injectable()
export class CallbackReclassifier {
  constructor(private readonly database: CallbackDatabase) {}

  /**
   * Turns a callback that was unknown, quarantined or discarded into an accepted one, with a delivery
   * row for each listener that has none yet.
   *
   * @returns whether it conflicts with another; null when it was accepted already, or has no body
   */
  accept({
    deliveries,
    registration,
    ...callback
  }: Reclassified): Promise<{ conflicting: boolean } | null> {
    const { id, identityDigest } = callback;
    return this.database.transaction(async (manager) => {
      const query = manager
        .createQueryBuilder(LiveCallback, 'c')
        .select(['c.id', 'c.state'])
        .where('c.id = :id', { id })
        .andWhere('coalesce(c.bodyPurgedAt, 0) = 0');
      // Of several that accept it at the same time, the others find it accepted.
      const found = await lockRows(query, 'wait').getOne();
      if (!found || found.state === 'accepted') return null;
      const other = await manager.findOne(LiveCallback, {
        select: { id: true },
        where: { identityDigest, id: Not(id) },
      });
      const conflicting = other !== null;
      await manager
        .createQueryBuilder()
        .update(LiveCallback)
        .set({
          ...callback,
          state: 'accepted',
          reviewedAt: () => NOW_MS[dialectOf(manager.connection)],
          errors: null,
          conflicting,
        })
        .where({ id })
        .execute();
      if (deliveries.length > 0) {
        await manager
          .createQueryBuilder()
          .insert()
          .into(LiveCallbackDelivery)
          .values(deliveries.map((delivery) => ({ ...toRow(delivery), registration })))
          .orIgnore()
          .updateEntity(false)
          .execute();
      }
      return { conflicting };
    });
  }
}

/** It waits for a poll: nobody holds it. */
function toRow({ callbackId, listener, orderingKey }: Reclassified['deliveries'][number]) {
  const counts = { attempts: 0, attemptsBefore: 0, fence: 1 };
  return { callbackId, listener, orderingKey, state: 'pending' as const, ...counts };
}
