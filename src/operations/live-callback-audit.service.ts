import { Injectable } from '@nestjs/common';

import { EventInterpreter } from '../events/event-interpreter.js';
import { readPayload } from '../events/payload/read-payload.js';
import { meaningOfSession } from '../events/session-event.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  type StoredCallbackState,
} from '../storage/entities/index.js';
import {
  BUCKET_MS,
  checkLimit,
  decodeCursor,
  isId,
  toPage,
  type CallbackFilter,
  type Page,
  type PageRequest,
  type StatsRequest,
} from './audit-query.js';
import { AuditRequestError } from './audit-request.error.js';
import type {
  CallbackDetail,
  CallbackRow,
  RejectionItem,
  ReplayedDelivery,
  RequeueSummary,
  StatsItem,
} from './audit-row.js';
import { ROW_PROPERTIES, toDetail, toRow } from './audit.mapper.js';
import { CallbackDiscarder, type DiscardReason } from './callback.discarder.js';
import { filterCallbacks } from './callback.filter.js';
import { CallbackReplayer, type ReplayReason } from './callback.replayer.js';
import { CallbackRequeuer } from './callback.requeuer.js';
import {
  CallbackErasure,
  type ErasureReceipt,
  type ErasureRequest,
} from './erasure/callback.erasure.js';
import {
  CallbackPurger,
  type PurgeRequest,
  type PurgeSummary,
} from './retention/callback.purger.js';

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

/** Answers questions about the stored callbacks of its registration. */
@Injectable()
export class LiveCallbackAuditService {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly interpreter: EventInterpreter,
    private readonly requeuer: CallbackRequeuer,
    private readonly replayer: CallbackReplayer,
    private readonly discarder: CallbackDiscarder,
    private readonly purger: CallbackPurger,
    private readonly erasure: CallbackErasure,
    private readonly config: LiveCallbackConfig,
  ) {}

  /**
   * Finds callbacks, newest first, a page at a time. Pages stay right while rows are added.
   *
   * @throws AuditRequestError for a cursor or limit that cannot be
   */
  async find(request: CallbackFilter & PageRequest = {}): Promise<Page<CallbackRow>> {
    const limit = checkLimit(request.limit);
    const found = await this.database.read((tables) => {
      const query = tables
        .createQueryBuilder(LiveCallback, 'c')
        .select(ROW_PROPERTIES.map((property) => `c.${property}`))
        .orderBy('c.id', 'DESC')
        .limit(limit + 1);
      filterCallbacks(query, this.config.name, request);
      return query.getMany();
    });
    return toPage(found.map(toRow), limit, ({ id }) => id);
  }

  /** One callback with its body, typed view and deliveries; null when there is none. */
  async get(id: string): Promise<CallbackDetail | null> {
    if (!isId(id)) return null;
    const callback = await this.callbackOf(id);
    if (!callback) return null;
    const deliveries = await this.database.read((tables) =>
      tables
        .getRepository(LiveCallbackDelivery)
        .find({ where: { callbackId: id }, order: { listener: 'ASC' } }),
    );
    return toDetail(callback, this.typedView(callback), deliveries);
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
   * @throws AuditRequestError when the period holds more buckets than an answer may
   */
  async stats(request: StatsRequest = {}): Promise<StatsItem[]> {
    const length = BUCKET_MS[request.bucket ?? 'hour'];
    const to = request.to ?? new Date();
    const from = request.from ?? new Date(to.getTime() - BUCKET_MS.day);
    if ((to.getTime() - from.getTime()) / length > MAX_BUCKETS) {
      throw new AuditRequestError(
        `the period holds more than ${MAX_BUCKETS} buckets; choose a longer bucket`,
      );
    }
    const rows = await this.database.read((tables) => {
      const query = tables
        .createQueryBuilder(LiveCallback, 'c')
        .select('c.receivedAt - c.receivedAt % :length', 'bucket')
        .addSelect('c.kind', 'kind')
        .addSelect('c.state', 'state')
        .addSelect('count(*)', 'count')
        .setParameter('length', length)
        .groupBy('1, 2, 3');
      filterCallbacks(query, this.config.name, { from, to });
      return query.getRawMany<Record<'bucket' | 'count', string> & StatsKey>();
    });
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
    const found = await this.database.read((tables) => {
      const query = tables
        .createQueryBuilder(LiveCallbackRejection, 'r')
        .where('r.registration = :registration', { registration: this.config.name })
        .orderBy('r.id', 'DESC')
        .limit(limit + 1);
      if (request.cursor !== undefined) {
        query.andWhere('r.id < :cursor', { cursor: decodeCursor(request.cursor) });
      }
      return query.getMany();
    });
    const page = toPage(found, limit, ({ id }) => id);
    return {
      items: page.items.map(({ id: _id, registration: _registration, ...item }) => item),
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
    // Oldest first, as they would have been delivered: of two with one identity the later is the conflicting one.
    for (const id of ids.toSorted()) {
      const callback = await this.callbackOf(id);
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
   * @throws AuditRequestError for a reason, actor or listener that cannot be
   * @throws BodyPurgedError for the id of a callback that has lost its body
   */
  async replay(
    which: string | CallbackFilter,
    why: ReplayReason,
  ): Promise<readonly ReplayedDelivery[]> {
    this.replayer.check(why);
    const replayed: ReplayedDelivery[] = [];
    const rows = typeof which === 'string' ? [{ id: which }] : this.iterate(which);
    for await (const { id } of rows) {
      const callback = isId(id) ? await this.callbackOf(id) : null;
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
   * @throws AuditRequestError for a reason, actor or listener that cannot be
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

  /**
   * Erases what is stored about a person (by the address in the bodies) or a stream, whatever its age:
   * bodies with all that a purge drops, excerpts of refusals, and what was set aside in the spool of this
   * process. Who asked and why stays in the row. What a listener still has to get is held back: erase
   * again when it has.
   *
   * @returns what was done, or with `dryRun` would be
   * @throws AuditRequestError for a request that names nobody, no reason or no actor
   */
  erase(request: ErasureRequest): Promise<ErasureReceipt> {
    return this.erasure.erase(request);
  }

  private callbackOf(id: string): Promise<LiveCallback | null> {
    const { name: registration } = this.config;
    return this.database.read((tables) =>
      tables.getRepository(LiveCallback).findOneBy({ id, registration }),
    );
  }

  private typedView(callback: LiveCallback): object | null {
    const { kind, state, origin, occurredAt, body, bodyEncoding } = callback;
    if (state === 'quarantined' || body === null) return null;
    const { value, unreadable } = readPayload(Buffer.from(body, bodyEncoding));
    if (origin === 'session') return meaningOfSession(kind, occurredAt, value).data;
    return unreadable ? null : this.interpreter.interpret(value).data;
  }
}

interface StatsKey {
  kind: string;
  state: StoredCallbackState;
}
