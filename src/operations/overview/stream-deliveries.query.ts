import { In, type DataSource } from 'typeorm';

import {
  LiveCallback,
  LiveCallbackDelivery,
  type DeliveryState,
} from '../../storage/entities/index.js';
import type { CallbackFilter, PageRequest } from '../audit-query.js';
import { filterCallbacks } from '../callback.filter.js';

/** A delivery, and the callback that it is of. */
export interface StreamDelivery {
  readonly callbackId: string;
  readonly kind: string;
  readonly receivedAt: Date;
  readonly listener: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** How long the latest attempt took, ms. */
  readonly durationMs: number | null;
  readonly nextAttemptAt: Date | null;
  readonly finishedAt: Date | null;
}

/**
 * Deliveries of the newest callbacks of a filter, the oldest first.
 *
 * @param registration whose callbacks
 * @param most callbacks
 */
export async function readStreamDeliveries(
  tables: DataSource,
  registration: string,
  filter: CallbackFilter & PageRequest,
  most: number,
): Promise<StreamDelivery[]> {
  const query = tables
    .createQueryBuilder(LiveCallback, 'c')
    .select(['c.id', 'c.kind', 'c.receivedAt'])
    .orderBy('c.id', 'DESC')
    .limit(most);
  filterCallbacks(query, registration, filter);
  const callbacks = new Map((await query.getMany()).map((callback) => [callback.id, callback]));
  if (callbacks.size === 0) return [];
  const deliveries = await tables
    .getRepository(LiveCallbackDelivery)
    .find({ where: { callbackId: In([...callbacks.keys()]) } });
  return deliveries
    .map(({ callbackId, listener, state, attempts, durationMs, nextAttemptAt, finishedAt }) => {
      const { kind, receivedAt } = callbacks.get(callbackId) as LiveCallback;
      const times = { receivedAt, durationMs, nextAttemptAt, finishedAt };
      return { callbackId, kind, listener, state, attempts, ...times };
    })
    .toSorted((a, b) => (a.callbackId < b.callbackId ? -1 : 1));
}
