import type { DataSource } from 'typeorm';

import { LiveSession } from '../storage/entities/index.js';

/** So many are counted, the latest: asking is cheap however many there are. */
const MOST = 10_000;

/** How many sessions of a registration are live, by push domain; empty where it has none. */
export async function countLive(
  dataSource: DataSource,
  registration: string,
): Promise<Map<string, number>> {
  const rows = await dataSource
    .createQueryBuilder()
    .select('l.domain', 'domain')
    .addSelect('count(*)', 'count')
    .from(
      (query) =>
        query
          .select('s.domain', 'domain')
          .from(LiveSession, 's')
          .where("s.registration = :registration AND s.state = 'live'", { registration })
          // Said to the database, because the index holds no others and is used only by those who say so.
          .andWhere("s.state <> 'ended'")
          .orderBy('s.startedAt', 'DESC')
          .limit(MOST),
      'l',
    )
    .groupBy('l.domain')
    .getRawMany<{ domain: string | null; count: string }>();
  return new Map(rows.map(({ domain, count }) => [domain ?? '', Number(count)]));
}
