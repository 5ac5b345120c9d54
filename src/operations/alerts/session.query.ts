import type { DataSource } from 'typeorm';

import { LiveSession } from '../../storage/entities/index.js';

/**
 * How many sessions are live and perhaps over: pushes of theirs are missing from what is live in the cloud; or,
 * where nobody compares, nothing is known of them since a time.
 *
 * @param before null where somebody compares
 */
export function countStale(
  dataSource: DataSource,
  registration: string,
  before: Date | null,
): Promise<number> {
  const query = dataSource
    .createQueryBuilder(LiveSession, 's')
    .where("s.registration = :registration AND s.state = 'live'", { registration })
    // Said to the database, because the index holds no others and is used only by those who say so.
    .andWhere("s.state <> 'ended'");
  if (before === null) query.andWhere('s.unconfirmedCount > 0');
  else {
    query.andWhere('(s.unconfirmedCount > 0 OR s.lastConfirmedAt < :before)', {
      before: before.getTime(),
    });
  }
  return query.getCount();
}
