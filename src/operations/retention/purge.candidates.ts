import type { DataSource, SelectQueryBuilder } from 'typeorm';

import { firstIdAt } from '../../common/id.source.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
} from '../../storage/entities/index.js';

/** Rows that one statement of a purge reads or writes. */
const PURGE_BATCH = 200;
/** Where a page of a walk begins and where the walk ends. */
export interface Walk {
  /** Name of the registration. */
  readonly registration: string;
  /** Id of the last row of the page before. */
  readonly after: string;
  /** Received, or refused first, before this time, Unix milliseconds. */
  readonly before: number;
}

/** What a purge has to know of a callback that still has its body. */
export interface PurgeCandidate {
  readonly id: string;
  /** When it last came, was replayed or requeued, Unix milliseconds. */
  readonly touchedAt: number;
  /** When its last delivery ended; 0 when it has none. */
  readonly finishedAt: number;
  /** A listener still has to handle it. */
  readonly isPending: boolean;
  /** It is a dead letter, unknown or quarantined, and nobody has discarded it. */
  readonly isUnreviewed: boolean;
}

/**
 * A page of all callbacks, oldest first, by the primary key. Those that have lost their body, or still
 * have it, are passed over by the caller, not here: many of them must not make one statement long.
 */
export function page(
  dataSource: DataSource,
  { registration, after, before }: Walk,
): SelectQueryBuilder<LiveCallback> {
  return dataSource
    .getRepository(LiveCallback)
    .createQueryBuilder('c')
    .select(['c.id', 'c.state', 'c.lastReceivedAt', 'c.reviewedAt', 'c.bodyPurgedAt'])
    .where('c.registration = :registration', { registration })
    .andWhere('c.id > :after', { after })
    .andWhere('c.id < :end', { end: firstIdAt(new Date(before)) })
    .orderBy('c.id')
    .limit(PURGE_BATCH);
}

/** A page of counted refusals, oldest first. */
export function pageOfRejections(
  dataSource: DataSource,
  { registration, after, before }: Walk,
): SelectQueryBuilder<LiveCallbackRejection> {
  return dataSource
    .getRepository(LiveCallbackRejection)
    .createQueryBuilder('r')
    .where('r.registration = :registration', { registration })
    .andWhere('r.id > :after', { after })
    .andWhere('r.id < :end', { end: firstIdAt(new Date(before)) })
    .orderBy('r.id')
    .limit(PURGE_BATCH);
}

/** Where the deliveries of these callbacks stand, a row per callback. */
export function deliveriesOfPage(
  dataSource: DataSource,
  ids: readonly string[],
): SelectQueryBuilder<LiveCallbackDelivery> {
  return dataSource
    .getRepository(LiveCallbackDelivery)
    .createQueryBuilder('d')
    .select('d.callbackId', 'id')
    .addSelect('max(d.finishedAt)', 'finished')
    .addSelect("max(CASE WHEN d.state = 'pending' THEN 1 ELSE 0 END)", 'pending')
    .addSelect("max(CASE WHEN d.state = 'dead' THEN 1 ELSE 0 END)", 'dead')
    .where('d.callbackId IN (:...ids)', { ids })
    .groupBy('d.callbackId');
}

/** What a purge has to know of the callbacks of a page. */
export async function candidatesOf(
  dataSource: DataSource,
  callbacks: readonly LiveCallback[],
): Promise<PurgeCandidate[]> {
  if (callbacks.length === 0) return [];
  const ids = callbacks.map(({ id }) => id);
  const rows = await deliveriesOfPage(dataSource, ids).getRawMany<DeliverySummary>();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return callbacks.map((callback) => {
    const row = byId.get(callback.id);
    const isStrange = callback.state === 'unknown' || callback.state === 'quarantined';
    return {
      id: callback.id,
      touchedAt: touchedAt(callback),
      finishedAt: Number(row?.finished ?? 0),
      isPending: Number(row?.pending ?? 0) === 1,
      isUnreviewed: isStrange || Number(row?.dead ?? 0) === 1,
    };
  });
}

/** When a callback last came, was replayed or requeued, Unix milliseconds. */
export function touchedAt({
  lastReceivedAt,
  reviewedAt,
}: Pick<LiveCallback, 'lastReceivedAt' | 'reviewedAt'>): number {
  return Math.max(lastReceivedAt.getTime(), reviewedAt?.getTime() ?? 0);
}

/** Numbers come as text from some drivers. */
interface DeliverySummary {
  readonly id: string;
  readonly finished: string | number | null;
  readonly pending: string | number;
  readonly dead: string | number;
}
