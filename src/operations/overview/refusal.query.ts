import type { DataSource } from 'typeorm';

import { LiveCallbackRejection } from '../../storage/entities/index.js';
import { firstIdAt } from '../../common/id.source.js';

/** Refused requests that share reason and address. */
export interface RefusalGroup {
  readonly reason: string;
  /** Null for those that came from more addresses than are told apart. */
  readonly remoteAddress: string | null;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Rows that are looked at, the newest first: a row is what one address did in a minute. */
const MOST_ROWS = 10_000;
const MOST_GROUPS = 200;

/** Most refused first. Ids begin with their time, so the primary key gives the period. */
export async function readRefusals(
  dataSource: DataSource,
  registration: string,
  from: Date,
): Promise<RefusalGroup[]> {
  const rows = await dataSource
    .createQueryBuilder()
    .select('s.reason', 'reason')
    .addSelect('s.address', 'address')
    .addSelect('sum(s.times)', 'times')
    .addSelect('min(s.began)', 'began')
    .addSelect('max(s.ended)', 'ended')
    .from(
      (query) =>
        query
          .select('r.reason', 'reason')
          .addSelect('r.remoteAddress', 'address')
          .addSelect('r.count', 'times')
          .addSelect('r.firstAt', 'began')
          .addSelect('r.lastAt', 'ended')
          .from(LiveCallbackRejection, 'r')
          .where('r.id >= :first', { first: firstIdAt(from) })
          .andWhere('r.registration = :registration', { registration })
          .orderBy('r.id', 'DESC')
          .limit(MOST_ROWS),
      's',
    )
    .groupBy('s.reason')
    .addGroupBy('s.address')
    .orderBy('times', 'DESC')
    .addOrderBy('ended', 'DESC')
    .limit(MOST_GROUPS)
    .getRawMany<{
      reason: string;
      address: string | null;
      times: string;
      began: string;
      ended: string;
    }>();
  return rows.map(({ reason, address, times, began, ended }) => ({
    reason,
    remoteAddress: address,
    count: Number(times),
    firstAt: new Date(Number(began)),
    lastAt: new Date(Number(ended)),
  }));
}
