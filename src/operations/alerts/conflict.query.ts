import type { DataSource } from 'typeorm';

import { firstIdAt } from '../../common/id.source.js';
import { LiveCallback } from '../../storage/entities/index.js';

/** Callbacks that are looked at, the newest first. */
const MOST_ROWS = 10_000;

/** How many of the latest callbacks since a time contradict an earlier one. Ids begin with their time. */
export async function countConflicting(
  dataSource: DataSource,
  registration: string,
  since: Date,
): Promise<number> {
  const found = await dataSource
    .createQueryBuilder()
    .select('count(*)', 'count')
    .from(
      (query) =>
        query
          .select('c.registration', 'registration')
          .addSelect('c.conflicting', 'conflicting')
          .from(LiveCallback, 'c')
          .where('c.id >= :first', { first: firstIdAt(since) })
          .orderBy('c.id', 'DESC')
          .limit(MOST_ROWS),
      's',
    )
    .where('s.registration = :registration', { registration })
    .andWhere('s.conflicting = :conflicting', { conflicting: true })
    .getRawOne<{ count: string }>();
  return Number(found?.count);
}
