import { BadRequestException, Injectable } from '@nestjs/common';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import { EventInterpreter, parsePayload } from '../events/index.js';
import {
  BUCKET_MS,
  checkLimit,
  decodeCursor,
  encodeCursor,
  firstIdAt,
  isId,
  type CallbackFilter,
  type Page,
  type PageRequest,
  type StatsRequest,
} from './audit-query.js';
import {
  ROW_PROPERTIES,
  toRow,
  type CallbackDetail,
  type CallbackDiscard,
  type CallbackRow,
  type RejectionItem,
  type ReplayedDelivery,
  type RequeueSummary,
  type StatsItem,
} from './audit-row.js';
import { CallbackDatabase } from './callback.database.js';
import { CallbackDiscarder, type DiscardReason } from './callback.discarder.js';
import { CallbackPurger, type PurgeRequest, type PurgeSummary } from './callback.purger.js';
import { CallbackReplayer, type ReplayReason } from './callback.replayer.js';
import { CallbackRequeuer } from './callback.requeuer.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  type StoredCallbackState,
} from './entities/index.js';
import { isOpen } from './open-deliveries.js';

const ITERATE_PAGE = 500;
const DISCARD_PAGE = 200;
const UNREVIEWED = ['quarantined', 'unknown'] as const;
/** Time buckets of one answer. */
const MAX_BUCKETS = 10_000;

/** Which callbacks to look at again: all conditions must hold. */
export interface RequeueFilter extends Omit<CallbackFilter, 'state'> {
  /** Default: the unknown and the quarantined. */
  state?: 'unknown' | 'quarantined' | 'discarded';
}

/** Answers questions about the stored callbacks. */
@Injectable()
export class LiveCallbackAuditService {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly interpreter: EventInterpreter,
    private readonly requeuer: CallbackRequeuer,
    private readonly replayer: CallbackReplayer,
    private readonly discarder: CallbackDiscarder,
    private readonly purger: CallbackPurger,
  ) {}

  /**
   * Finds callbacks, newest first, a page at a time. Pages stay right while rows are added.
   *
   * @throws BadRequestException for a cursor or limit that cannot be
   */
  async find(request: CallbackFilter & PageRequest = {}): Promise<Page<CallbackRow>> {
    const limit = checkLimit(request.limit);
    const query = this.database.dataSource
      .getRepository(LiveCallback)
      .createQueryBuilder('c')
      .select(ROW_PROPERTIES.map((property) => `c.${property}`))
      .orderBy('c.id', 'DESC')
      .limit(limit + 1);
    this.applyFilter(query, request);
    return toPage((await query.getMany()).map(toRow), limit, ({ id }) => id);
  }

  /** One callback with its body, typed view and deliveries; null when there is none. */
  async get(id: string): Promise<CallbackDetail | null> {
    if (!isId(id)) return null;
    const { dataSource } = this.database;
    const callback = await dataSource.getRepository(LiveCallback).findOneBy({ id });
    if (!callback) return null;
    const deliveries = await dataSource
      .getRepository(LiveCallbackDelivery)
      .find({ where: { callbackId: id }, order: { listener: 'ASC' } });
    return {
      ...toRow(callback),
      body: callback.body,
      bodyPurgedAt: callback.bodyPurgedAt,
      data: this.typedView(callback),
      errors: callback.errors ?? [],
      remarks: callback.remarks ?? [],
      remoteAddress: callback.remoteAddress,
      deliveries: deliveries.map(({ listener, state, attempts, lastError, nextAttemptAt }) => ({
        listener,
        state,
        attempts,
        lastError,
        nextAttemptAt,
      })),
      discard: discardOf(callback),
    };
  }

  /** All callbacks of a filter, newest first, however many: read page by page as they are consumed. */
  async *iterate(filter: CallbackFilter = {}): AsyncGenerator<CallbackRow, void, undefined> {
    let cursor: string | null | undefined;
    do {
      const page: Page<CallbackRow> = await this.find({
        ...filter,
        cursor: cursor ?? undefined,
        limit: ITERATE_PAGE,
      });
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /**
   * Counts by kind, state and time bucket, oldest bucket first. Empty buckets are left out.
   *
   * @throws BadRequestException when the period holds more buckets than an answer may
   */
  async stats(request: StatsRequest = {}): Promise<StatsItem[]> {
    const length = BUCKET_MS[request.bucket ?? 'hour'];
    const to = request.to ?? new Date();
    const from = request.from ?? new Date(to.getTime() - BUCKET_MS.day);
    if ((to.getTime() - from.getTime()) / length > MAX_BUCKETS) {
      throw new BadRequestException(
        `the period holds more than ${MAX_BUCKETS} buckets; choose a longer bucket`,
      );
    }
    const query = this.database.dataSource
      .getRepository(LiveCallback)
      .createQueryBuilder('c')
      .select('c.received_at - c.received_at % :length', 'bucket')
      .addSelect('c.kind', 'kind')
      .addSelect('c.state', 'state')
      .addSelect('count(*)', 'count')
      .setParameter('length', length)
      .groupBy('1, 2, 3');
    this.applyFilter(query, { from, to });
    const rows = await query.getRawMany<Record<'bucket' | 'count', string> & StatsKey>();
    return rows
      .map(({ bucket, kind, state, count }) => ({
        bucket: new Date(Number(bucket)),
        kind,
        state,
        count: Number(count),
      }))
      .toSorted((a, b) => a.bucket.getTime() - b.bucket.getTime() || (a.kind < b.kind ? -1 : 1));
  }

  /** Refused requests, newest first, a page at a time. */
  async rejections(request: PageRequest = {}): Promise<Page<RejectionItem>> {
    const limit = checkLimit(request.limit);
    const query = this.database.dataSource
      .getRepository(LiveCallbackRejection)
      .createQueryBuilder('r')
      .orderBy('r.id', 'DESC')
      .limit(limit + 1);
    if (request.cursor !== undefined) {
      query.where('r.id < :cursor', { cursor: decodeCursor(request.cursor) });
    }
    const page = toPage(await query.getMany(), limit, ({ id }) => id);
    return {
      items: page.items.map(({ id: _id, ...item }) => item),
      nextCursor: page.nextCursor,
    };
  }

  /**
   * Looks again at the callbacks of a filter that are unknown or quarantined. What fits now, after
   * an upgrade or with a new kind, is accepted and delivered to the listeners that have not had it.
   * With `state: 'discarded'`, at those that were discarded by mistake. What has lost its body to a
   * purge is kept as it is.
   */
  async requeue({ state: only, ...filter }: RequeueFilter = {}): Promise<RequeueSummary> {
    const ids: string[] = [];
    for (const state of only === undefined ? UNREVIEWED : [only]) {
      for await (const { id } of this.iterate({ ...filter, state })) ids.push(id);
    }
    const summary = { accepted: 0, kept: 0 };
    const callbacks = this.database.dataSource.getRepository(LiveCallback);
    // Oldest first, as they would have been delivered: of two with one identity the later is the variant.
    for (const id of ids.toSorted()) {
      const callback = await callbacks.findOneBy({ id });
      if (callback && (await this.requeuer.requeue(callback))) summary.accepted++;
      else summary.kept++;
    }
    return summary;
  }

  /**
   * Runs listeners again on stored callbacks: one by its id, or all of a filter, such as the dead
   * letters. Listeners see it as `event.replay`. Those of a filter that have lost their body to a purge
   * are passed over.
   *
   * @throws BadRequestException for a reason, actor or listener that cannot be
   * @throws ConflictException for the id of a callback that has lost its body
   */
  async replay(
    which: string | CallbackFilter,
    why: ReplayReason,
  ): Promise<readonly ReplayedDelivery[]> {
    this.replayer.check(why);
    const replayed: ReplayedDelivery[] = [];
    const rows = typeof which === 'string' ? [{ id: which }] : this.iterate(which);
    for await (const { id } of rows) {
      const callback = isId(id)
        ? await this.database.dataSource.getRepository(LiveCallback).findOneBy({ id })
        : null;
      // One id is asked for by name, and is told; of many, those that can be replayed are.
      if (!callback || (callback.body === null && typeof which !== 'string')) continue;
      replayed.push(...(await this.replayer.replay(callback, why)));
    }
    return replayed;
  }

  /**
   * Closes what will never succeed: the dead letters of one callback or of all of a filter, and those
   * that are unknown or quarantined. Listeners do not get them, alarms do not count them, a purge may
   * take them. `replay` opens deliveries again, `requeue({ state: 'discarded' })` callbacks.
   *
   * @returns how many callbacks were closed
   * @throws BadRequestException for a reason, actor or listener that cannot be
   */
  async discard(which: string | CallbackFilter, why: DiscardReason): Promise<number> {
    this.discarder.check(why);
    if (typeof which === 'string') return isId(which) ? this.discarder.discard([which], why) : 0;
    let count = 0;
    let ids: string[] = [];
    for await (const { id } of this.iterate(which)) {
      ids.push(id);
      if (ids.length < DISCARD_PAGE) continue;
      count += await this.discarder.discard(ids, why);
      ids = [];
    }
    return count + (await this.discarder.discard(ids, why));
  }

  /**
   * Forgets what is old: bodies first, whole rows later, counted refusals. Never what is undelivered
   * or unreviewed. In small batches with pauses, so it may run beside everything else; several at once
   * do no harm.
   *
   * @returns what was done, or with `dryRun` would be
   * @throws LiveCallbackOptionsError for a policy that cannot be
   */
  purge(request: PurgeRequest = {}): Promise<PurgeSummary> {
    return this.purger.purge(request);
  }

  private applyFilter(
    query: SelectQueryBuilder<LiveCallback>,
    filter: CallbackFilter & PageRequest,
  ): void {
    const { kind, domain, path, stream, state, delivery } = filter;
    const conditions = Object.entries({ kind, domain, path, streamName: stream, state }).filter(
      ([, value]) => value !== undefined,
    );
    for (const [property, value] of conditions) {
      query.andWhere(`c.${property} = :${property}`, { [property]: value });
    }
    // Said to the database, because the index holds no others and is used only by those who say so.
    if (state !== undefined && state !== 'accepted') query.andWhere("c.state <> 'accepted'");
    applyRange(query, 'c.id', filter);
    if (delivery === undefined) return;
    const withDelivery = (of: SelectQueryBuilder<ObjectLiteral>) => {
      of.select('d.callback_id', 'id')
        .from(LiveCallbackDelivery, 'd')
        .where('d.state = :delivery', { delivery });
      if (delivery !== 'done') of.andWhere(isOpen('d.state'));
      return of;
    };
    if (conditions.length > 0) {
      query.andWhere(`c.id IN ${withDelivery(query.subQuery()).getQuery()}`, { delivery });
      return;
    }
    // Nothing else can drop one of them: so many make a page, however many there are.
    query.innerJoin(
      (subQuery) => {
        const of = withDelivery(subQuery)
          .distinct(true)
          .orderBy('d.callback_id', 'DESC')
          .limit(checkLimit(filter.limit) + 1);
        applyRange(of, 'd.callback_id', filter);
        return of;
      },
      'found',
      'found.id = c.id',
    );
  }

  private typedView({ state, body }: LiveCallback): object | null {
    if (state === 'quarantined' || body === null) return null;
    return this.interpreter.interpret(parsePayload(body).value).data;
  }
}

/** Ids begin with the receipt time, so every index that ends in the id serves periods and pages too. */
function applyRange<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  id: string,
  { from, to, cursor }: CallbackFilter & PageRequest,
): void {
  if (from) query.andWhere(`${id} >= :first`, { first: firstIdAt(from) });
  if (to) query.andWhere(`${id} < :end`, { end: firstIdAt(to) });
  if (cursor !== undefined) query.andWhere(`${id} < :cursor`, { cursor: decodeCursor(cursor) });
}

interface StatsKey {
  kind: string;
  state: StoredCallbackState;
}

function discardOf({
  discardedAt,
  discardReason,
  discardActor,
}: LiveCallback): CallbackDiscard | null {
  if (discardedAt === null) return null;
  return { at: discardedAt, reason: discardReason ?? '', actor: discardActor ?? '' };
}

function toPage<T>(rows: T[], limit: number, idOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: hasMore ? encodeCursor(idOf(last)) : null };
}
