import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import { LiveCallbackDelivery, type LiveCallback } from '../storage/entities/index.js';
import { dialectOf } from '../storage/connection/dialect.js';
import { IN_TIME } from '../storage/connection/drivers/sqlite.reader.js';
import { isOpen } from '../storage/sql/open-deliveries.js';
import { isOfRareKind, isRareKind } from '../storage/sql/rare-kinds.js';
import { firstIdAt } from '../common/id.source.js';
import { checkLimit, decodeCursor, type CallbackFilter, type PageRequest } from './audit-query.js';

/** Narrows a query for callbacks (`c`) to those of a registration that a filter describes. */
export function filterCallbacks(
  query: SelectQueryBuilder<LiveCallback>,
  registration: string,
  filter: CallbackFilter & PageRequest,
): void {
  const { kind, domain, path, stream, state, delivery } = filter;
  query.andWhere('c.registration = :registration', { registration });
  const conditions = Object.entries({ kind, domain, path, streamName: stream, state }).filter(
    ([, value]) => value !== undefined,
  );
  for (const [property, value] of conditions) {
    query.andWhere(`c.${property} = :${property}`, { [property]: value });
  }
  // Said to the database, because the index holds no others and is used only by those who say so.
  if (state !== undefined && state !== 'accepted') query.andWhere("c.state <> 'accepted'");
  if (kind !== undefined && isRareKind(kind)) query.andWhere(isOfRareKind('c.kind'));
  applyRange(query, 'c.id', filter);
  if (delivery === undefined) return;
  const withDelivery = (of: SelectQueryBuilder<ObjectLiteral>) => {
    of.select('d.callbackId', 'id')
      .from(LiveCallbackDelivery, 'd')
      .where('d.registration = :registration', { registration })
      .andWhere('d.state = :delivery', { delivery });
    if (delivery !== 'done') of.andWhere(isOpen('d.state'));
    return of;
  };
  if (conditions.length > 0) {
    query.andWhere(`c.id IN ${withDelivery(query.subQuery()).getQuery()}`, {
      registration,
      delivery,
    });
    return;
  }
  // Nothing else can drop one of them: so many make a page, however many there are.
  query.innerJoin(
    (subQuery) => {
      const of = withDelivery(subQuery)
        .distinct(true)
        .orderBy('d.callbackId', 'DESC')
        .limit(checkLimit(filter.limit) + 1);
      applyRange(of, 'd.callbackId', filter);
      return of;
    },
    'found',
    'found.id = c.id',
  );
}

/** Ids begin with the receipt time, so every index that ends in the id serves periods and pages too. */
function applyRange<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  id: string,
  { from, to, cursor }: CallbackFilter & PageRequest,
): void {
  if (dialectOf(query.connection) === 'sqlite') query.andWhere(IN_TIME);
  if (from) query.andWhere(`${id} >= :first`, { first: firstIdAt(from) });
  if (to) query.andWhere(`${id} < :end`, { end: firstIdAt(to) });
  if (cursor !== undefined) query.andWhere(`${id} < :cursor`, { cursor: decodeCursor(cursor) });
}
