import type { DataSource, SelectQueryBuilder } from 'typeorm';

import { dialectOf, ID_AS_TEXT } from '../../storage/connection/dialect.js';
import { LiveCallback, LiveCallbackDelivery } from '../../storage/entities/index.js';
import { isOpen } from '../../storage/sql/open-deliveries.js';
import { firstIdAt } from '../../common/id.source.js';

/** Which dead letters. All conditions must hold. */
export interface DeadLetterFilter {
  listener?: string;
  /** The error of a group, as {@link DeadLetterGroup.error} says it. */
  error?: string;
  kind?: string;
  /** Push domain. */
  domain?: string;
  /** Push path (AppName). */
  path?: string;
  /** Stream name. */
  stream?: string;
  /** Of callbacks that were received at this time or later. */
  from?: Date;
  /** Of callbacks that were received before this time. */
  to?: Date;
}

/** Dead letters of a listener that ended by the same error. */
export interface DeadLetterGroup {
  readonly listener: string;
  /** Beginning of the last error, with `#` in place of numbers and hexadecimal ids. */
  readonly error: string;
  readonly count: number;
  readonly oldestAt: Date;
  readonly newestAt: Date;
  /** The newest callback of them. */
  readonly newestId: string;
}

/** A delivery that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly listener: string;
  /** As {@link DeadLetterGroup.error}. */
  readonly error: string;
}

/** Characters of an error that make a group. */
const ERROR_LENGTH = 200;
const ERROR = `substr(coalesce(d.lastError, ''), 1, ${ERROR_LENGTH})`;
/** Errors that are told apart before numbers are taken out of them. */
const MOST_ERRORS = 1_000;

/** What changes from one failure to the next: numbers, and ids of hexadecimal digits. */
const VARYING = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b|\d+/gi;

/** What failures of one cause have in common. */
export function errorGroup(error: string): string {
  return error.replace(VARYING, '#');
}

/** One of the errors that the database tells apart. */
export interface CountedError {
  readonly listener: string;
  readonly error: string;
  readonly count: number;
  readonly oldestId: string;
  readonly newestId: string;
}

/** Errors of the newest so many dead letters, most frequent first. */
export async function countErrors(
  dataSource: DataSource,
  registration: string,
  limit: number,
): Promise<CountedError[]> {
  const asText = ID_AS_TEXT[dialectOf(dataSource)];
  const rows = await dataSource
    .createQueryBuilder()
    .select('s.listener', 'listener')
    .addSelect('s.error', 'error')
    .addSelect('count(*)', 'times')
    .addSelect('min(s.id)', 'oldest')
    .addSelect('max(s.id)', 'newest')
    .from((query) => {
      query
        .select('d.listener', 'listener')
        .addSelect(ERROR, 'error')
        .addSelect(asText('d.callbackId'), 'id');
      return dead(query, registration).orderBy('d.callbackId', 'DESC').limit(limit);
    }, 's')
    .groupBy('s.listener')
    .addGroupBy('s.error')
    .orderBy('times', 'DESC')
    .limit(MOST_ERRORS)
    .getRawMany<Record<'listener' | 'error' | 'times' | 'oldest' | 'newest', string>>();
  return rows.map(({ listener, error, times, oldest, newest }) => ({
    listener,
    error,
    count: Number(times),
    oldestId: oldest,
    newestId: newest,
  }));
}

/** Dead letters of a filter after an id, oldest first; the error is the caller's to compare. */
export async function readDeadLetters(
  dataSource: DataSource,
  registration: string,
  { listener, kind, domain, path, stream, from, to }: DeadLetterFilter,
  after: string | undefined,
  limit: number,
): Promise<DeadLetter[]> {
  const query = dataSource
    .createQueryBuilder()
    .select(ID_AS_TEXT[dialectOf(dataSource)]('d.callbackId'), 'id')
    .addSelect('d.listener', 'listener')
    .addSelect(ERROR, 'error');
  dead(query, registration).orderBy('d.callbackId', 'ASC').addOrderBy('d.listener').limit(limit);
  if (listener !== undefined) query.andWhere('d.listener = :listener', { listener });
  if (from) query.andWhere('d.callbackId >= :first', { first: firstIdAt(from) });
  if (to) query.andWhere('d.callbackId < :end', { end: firstIdAt(to) });
  if (after !== undefined) query.andWhere('d.callbackId > :after', { after });
  const conditions = Object.entries({ kind, domain, path, streamName: stream }).filter(
    ([, value]) => value !== undefined,
  );
  if (conditions.length > 0) query.innerJoin(LiveCallback, 'c', 'c.id = d.callbackId');
  for (const [property, value] of conditions) {
    query.andWhere(`c.${property} = :${property}`, { [property]: value });
  }
  const rows = await query.getRawMany<DeadLetter>();
  return rows.map(({ error, ...row }) => ({ ...row, error: errorGroup(error) }));
}

function dead<T extends object>(
  query: SelectQueryBuilder<T>,
  registration: string,
): SelectQueryBuilder<LiveCallbackDelivery> {
  return query
    .from(LiveCallbackDelivery, 'd')
    .where('d.registration = :registration', { registration })
    .andWhere("d.state = 'dead'")
    .andWhere(isOpen('d.state'));
}
