import { AuditRequestError } from './audit-request.error.js';
import type { DeliveryState, StoredCallbackState } from '../storage/entities/index.js';

/** Which callbacks to find. All conditions must hold. */
export interface CallbackFilter {
  kind?: string;
  /** Push domain. */
  domain?: string;
  /** Push path (AppName). */
  path?: string;
  /** Stream name. */
  stream?: string;
  state?: StoredCallbackState;
  /** Callbacks that have a delivery in this state. */
  delivery?: DeliveryState;
  /** Received at this time or later. */
  from?: Date;
  /** Received before this time. */
  to?: Date;
}

/** Which page of them. */
export interface PageRequest {
  /** `nextCursor` of the page before. Default: the first page. */
  cursor?: string;
  /** Rows of the page, 1 to 500. Default: 50. */
  limit?: number;
}

/** A page, newest first. */
export interface Page<T> {
  readonly items: T[];
  /** Where the next page begins; null after the last one. */
  readonly nextCursor: string | null;
}

/** Length of a time bucket. */
export type StatsBucket = 'minute' | 'hour' | 'day';

/** What to count. */
export interface StatsRequest {
  /** Default: 24 hours before `to`. */
  from?: Date;
  /** Default: now. */
  to?: Date;
  /** Buckets begin at full minutes, hours or days of UTC. Default: `hour`. */
  bucket?: StatsBucket;
}

/** Milliseconds of each bucket. */
export const BUCKET_MS: Record<StatsBucket, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 50;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the audit API says of an id that no callback has. */
export const NO_CALLBACK = 'there is no callback with this id';

/** Whether a text can be the id of a row. */
export function isId(candidate: string): boolean {
  return UUID.test(candidate);
}

/** @throws AuditRequestError */
export function checkLimit(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new AuditRequestError(`limit must be an integer from 1 to ${MAX_LIMIT}`);
}

/** Position of a row in the order of ids, as text that says nothing by itself. */
export function encodeCursor(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

/** @throws AuditRequestError */
export function decodeCursor(cursor: string): string {
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (isId(id)) return id;
  throw new AuditRequestError('cursor must be the nextCursor of an earlier answer');
}

/** Shapes rows into a page; one row more than `limit` says that there is another page. */
export function toPage<T>(rows: T[], limit: number, idOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: hasMore ? encodeCursor(idOf(last)) : null };
}

/** When a row with this id was received: ids begin with their time. */
export function timeOfId(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
}

/** Parameters of a URL, as the adapters parse them. */
export type QueryParameters = Record<string, unknown>;

/**
 * Reads filter and page from the parameters of a URL.
 *
 * @throws AuditRequestError for an unknown parameter or a value that does not fit
 */
export function parseFind(query: QueryParameters): CallbackFilter & PageRequest {
  checkNames(query, 'kind,domain,path,stream,state,delivery,from,to,cursor,limit');
  return {
    kind: text(query, 'kind'),
    domain: text(query, 'domain'),
    path: text(query, 'path'),
    stream: text(query, 'stream'),
    state: oneOf(query, 'state', ['accepted', 'unknown', 'quarantined', 'discarded', 'reconciled']),
    delivery: oneOf(query, 'delivery', ['pending', 'done', 'dead', 'discarded', 'superseded']),
    from: time(query, 'from'),
    to: time(query, 'to'),
    ...page(query),
  };
}

/** @throws AuditRequestError */
export function parseGet(query: QueryParameters): { readonly reveal?: 'body' } {
  checkNames(query, 'reveal');
  return { reveal: oneOf(query, 'reveal', ['body']) };
}

/** @throws AuditRequestError for any parameter */
export function parseNothing(query: QueryParameters): void {
  const [stranger] = Object.keys(query);
  if (stranger !== undefined) throw new AuditRequestError('unknown parameter; none is known');
}

/** @throws AuditRequestError */
export function parsePage(query: QueryParameters): PageRequest {
  checkNames(query, 'cursor,limit');
  return page(query);
}

/** @throws AuditRequestError */
export function parseFrom(query: QueryParameters): Date | undefined {
  checkNames(query, 'from');
  return time(query, 'from');
}

/** @throws AuditRequestError */
export function parseStats(query: QueryParameters): StatsRequest {
  checkNames(query, 'from,to,bucket');
  return {
    from: time(query, 'from'),
    to: time(query, 'to'),
    bucket: oneOf(query, 'bucket', ['minute', 'hour', 'day']),
  };
}

/** What a body may ask to be erased; what its values must be is checked by the erasure. */
export interface ErasureBody {
  readonly userIp?: string;
  readonly stream?: string;
  readonly reason: string;
  readonly dryRun?: boolean;
}

/** @throws AuditRequestError for what is misspelt: an erasure cannot be taken back */
export function parseErasure(body: Readonly<Record<string, unknown>>): ErasureBody {
  checkNames(body, 'userIp,stream,reason,dryRun');
  const { dryRun } = body;
  if (dryRun === undefined || typeof dryRun === 'boolean') return body as unknown as ErasureBody;
  throw new AuditRequestError('dryRun must be true or false');
}

/** @throws AuditRequestError */
export function page(query: QueryParameters): PageRequest {
  const limit = text(query, 'limit');
  return {
    cursor: text(query, 'cursor'),
    limit: limit === undefined ? undefined : checkLimit(Number(limit)),
  };
}

/** @throws AuditRequestError for a parameter that is not known */
export function checkNames(query: QueryParameters, known: string): void {
  const stranger = Object.keys(query).find((name) => !known.split(',').includes(name));
  if (stranger === undefined) return;
  throw new AuditRequestError(`unknown parameter; known are ${known.replaceAll(',', ', ')}`);
}

/** @throws AuditRequestError for one that is given twice, or that no column holds */
export function text(query: QueryParameters, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new AuditRequestError(`${name} must be given once`);
  // PostgreSQL takes neither, and no column holds them.
  if (!value.includes('\0') && value.isWellFormed()) return value;
  throw new AuditRequestError(`${name} must be well-formed text without U+0000`);
}

/** @throws AuditRequestError */
export function oneOf<T extends string>(
  query: QueryParameters,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = text(query, name);
  if (value === undefined || values.includes(value as T)) return value as T | undefined;
  throw new AuditRequestError(`${name} must be one of ${values.join(', ')}`);
}

/** @throws AuditRequestError */
export function time(query: QueryParameters, name: string): Date | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  const date = new Date(value);
  if (/^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(date.getTime())) return date;
  throw new AuditRequestError(`${name} must be an ISO 8601 time such as 2026-01-31T12:00:00Z`);
}
