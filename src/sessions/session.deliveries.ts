import { In, type EntityManager } from 'typeorm';

import { dialectOf, NOW_MS } from '../storage/connection/dialect.js';
import { lockRows } from '../storage/connection/row-locks.js';
import type { DeliveryLease } from '../storage/delivery.lease.js';
import { LiveCallbackDelivery } from '../storage/entities/index.js';
import { isPending } from '../storage/sql/open-deliveries.js';

/** Id of the listener that takes callbacks into sessions, in its delivery rows. */
export const SESSION_LISTENER = 'live-sessions';

/** Completes deliveries of the recorder. @returns ids of the callbacks whose delivery was still ours, and is done now */
export async function completeDeliveries(
  manager: EntityManager,
  leases: readonly Pick<DeliveryLease, 'callbackId' | 'fence'>[],
): Promise<Set<string>> {
  const fences = new Map(leases.map(({ callbackId, fence }) => [callbackId, fence]));
  const query = manager
    .createQueryBuilder(LiveCallbackDelivery, 'd')
    .select(['d.callbackId', 'd.listener', 'd.fence'])
    .where({ listener: SESSION_LISTENER, callbackId: In([...fences.keys()]) })
    .andWhere(isPending('d.state'));
  const found = await lockRows(query, 'wait').getMany();
  const ids = found
    .filter(({ callbackId, fence }) => fences.get(callbackId) === fence)
    .map(({ callbackId }) => callbackId);
  if (ids.length === 0) return new Set();
  await manager
    .createQueryBuilder()
    .update(LiveCallbackDelivery)
    .set({
      state: 'done',
      lastError: null,
      leaseOwner: null,
      leaseUntil: null,
      nextAttemptAt: null,
      finishedAt: () => NOW_MS[dialectOf(manager.connection)],
    })
    .where({ listener: SESSION_LISTENER, callbackId: In(ids) })
    .execute();
  return new Set(ids);
}
