import type { CallbackDatabase } from '../connection/callback.database.js';
import type { CountedLease } from '../delivery.lease.js';
import { LiveCallbackDelivery } from '../entities/index.js';
import type { Lease } from './callback.writer.js';
import { isPending } from './open-deliveries.js';

/**
 * Counts an attempt before it runs, unless the lease counts it, and prolongs the lease: under one that has
 * run out, another node could take the delivery while it runs.
 *
 * @returns false when the lease is lost or the work is done
 */
export async function countAttempt(
  { manager, now }: Pick<CallbackDatabase, 'manager' | 'now'>,
  { callbackId, listener, fence, isCounted }: CountedLease,
  { owner, milliseconds }: Lease,
): Promise<boolean> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(LiveCallbackDelivery)
    .set({
      ...(isCounted ? {} : { attempts: () => 'attempts + 1' }),
      nextAttemptAt: null,
      leaseOwner: owner,
      leaseUntil: () => `${now} + ${milliseconds}`,
    })
    .where({ callbackId, listener, fence })
    .andWhere(isPending('state'))
    .execute();
  return affected === 1;
}
