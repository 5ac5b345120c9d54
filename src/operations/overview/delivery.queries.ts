import type { DataSource } from 'typeorm';

import { dialectOf, ID_AS_TEXT } from '../../storage/connection/dialect.js';
import { LiveCallbackDelivery } from '../../storage/entities/index.js';
import { isOpen } from '../../storage/sql/open-deliveries.js';
import { firstIdAt } from '../../common/id.source.js';
import { timeOfId } from '../audit-query.js';

/** What waits for a listener, or for somebody who looks at its dead letters. */
export interface Waiting {
  readonly count: number;
  /** Receipt of the oldest, or its latest replay. */
  readonly oldestAt: Date;
}

/** What ended in one minute. */
export interface RecentMinute {
  /** Its beginning. */
  readonly at: Date;
  readonly done: number;
  readonly dead: number;
  /** Of all of them, those that took more than one attempt. */
  readonly retried: number;
  /** How long the last attempts took, ms. */
  readonly averageMs: number;
  readonly slowestMs: number;
}

const MINUTE_MS = 60_000;

type RecentColumn = 'listener' | 'minute' | 'done' | 'dead' | 'retried' | 'average' | 'slowest';

/** Deliveries of a state by listener, of the oldest so many: the index of open rows gives them in this order. */
export async function readWaiting(
  dataSource: DataSource,
  registration: string,
  state: 'pending' | 'dead',
  limit: number,
): Promise<Map<string, Waiting>> {
  const asText = ID_AS_TEXT[dialectOf(dataSource)];
  const rows = await dataSource
    .createQueryBuilder()
    .select('s.listener', 'listener')
    .addSelect('count(*)', 'count')
    .addSelect('min(CASE WHEN s.replayed IS NULL THEN s.id END)', 'oldest')
    .addSelect('min(s.replayed)', 'replayed')
    .from(
      (query) =>
        query
          .select('d.listener', 'listener')
          .addSelect(asText('d.callbackId'), 'id')
          .addSelect('d.replayedAt', 'replayed')
          .from(LiveCallbackDelivery, 'd')
          .where('d.registration = :registration', { registration })
          .andWhere('d.state = :state', { state })
          .andWhere(isOpen('d.state'))
          .orderBy('d.callbackId', 'ASC')
          .limit(limit),
      's',
    )
    .groupBy('s.listener')
    .getRawMany<
      Record<'listener' | 'count', string> & Record<'oldest' | 'replayed', string | null>
    >();
  return new Map(
    rows.map(({ listener, count, oldest, replayed }) => {
      const times = [oldest && timeOfId(oldest).getTime(), replayed && Number(replayed)];
      const oldestAt = new Date(Math.min(...times.filter((time) => typeof time === 'number')));
      return [listener, { count: Number(count), oldestAt }];
    }),
  );
}

/** What ended since a time, of the callbacks that arrived since: the newest so many deliveries, by their key. */
export async function readRecent(
  dataSource: DataSource,
  registration: string,
  since: Date,
  limit: number,
): Promise<Map<string, RecentMinute[]>> {
  const rows = await dataSource
    .createQueryBuilder()
    .select('s.listener', 'listener')
    .addSelect(`s.finished - s.finished % ${MINUTE_MS}`, 'minute')
    .addSelect("sum(CASE WHEN s.state = 'done' THEN 1 ELSE 0 END)", 'done')
    .addSelect("sum(CASE WHEN s.state = 'dead' THEN 1 ELSE 0 END)", 'dead')
    .addSelect('sum(CASE WHEN s.attempts > 1 THEN 1 ELSE 0 END)', 'retried')
    .addSelect('avg(s.duration)', 'average')
    .addSelect('max(s.duration)', 'slowest')
    .from(
      (query) =>
        query
          .select('d.listener', 'listener')
          .addSelect('d.state', 'state')
          .addSelect('d.attempts - d.attemptsBefore', 'attempts')
          .addSelect('d.durationMs', 'duration')
          .addSelect('d.finishedAt', 'finished')
          .addSelect('d.registration', 'registration')
          .from(LiveCallbackDelivery, 'd')
          .where('d.callbackId >= :first', { first: firstIdAt(since) })
          .orderBy('d.callbackId', 'DESC')
          .limit(limit),
      's',
    )
    .where('s.registration = :registration', { registration })
    .andWhere('s.finished IS NOT NULL')
    .groupBy('s.listener')
    .addGroupBy('minute')
    .orderBy('minute', 'ASC')
    .getRawMany<Record<RecentColumn, string>>();
  const byListener = new Map<string, RecentMinute[]>();
  for (const { listener, minute, done, dead, retried, average, slowest } of rows) {
    const minutes = byListener.get(listener) ?? [];
    minutes.push({
      at: new Date(Number(minute)),
      done: Number(done),
      dead: Number(dead),
      retried: Number(retried),
      averageMs: Math.round(Number(average)),
      slowestMs: Number(slowest),
    });
    byListener.set(listener, minutes);
  }
  return byListener;
}
