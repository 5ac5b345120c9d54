import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import type { DataSource, SelectQueryBuilder } from 'typeorm';

import { TimeScale } from '../common/time-scale.js';
import type { SessionSummary } from '../events/session-event.js';
import type { StreamIdentity } from '../events/stream-identity.js';
import { checkLimit, isId, type Page, type PageRequest } from '../operations/audit-query.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { LivePush, LiveSession } from '../storage/entities/index.js';
import {
  decodePosition,
  encodePosition,
  type LiveFilter,
  type SessionFilter,
} from './session.query.js';
import { countLive } from './live-count.query.js';
import { streamKeyOf } from './push.evidence.js';
import { doublesOf } from './session.state.js';
import { SessionRebuilder, type RebuildRequest, type RebuildStep } from './session.rebuilder.js';
import { SessionTotalsReader } from './session.totals.reader.js';
import type { SessionTotals } from './session.totals.js';
import { summaryOf, toPushView, type PushView } from './session.view.js';
import { SessionsOffError } from './sessions-off.error.js';

/** A session with its pushes, and what belongs to it. */
export interface SessionDetail extends SessionSummary {
  /** Its pushes, the earliest first; of more than 1000 the latest. */
  readonly pushes: readonly PushView[];
  readonly totals: SessionTotals;
}

const MOST_PUSHES = 1_000;
/** How often somebody who waits looks, ms. */
const LOOK_MS = 1_000;

/** Says who is live, and who was, in the registration that it is of. */
@Injectable()
export class LiveSessions {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly totals: SessionTotalsReader,
    private readonly rebuilder: SessionRebuilder,
    private readonly time: TimeScale,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Whether there are sessions: the option `sessions`. */
  get isOn(): boolean {
    return this.config.sessions !== null;
  }

  /** Name of the registration that they are of. */
  get registration(): string {
    return this.config.name;
  }

  /**
   * Streams that are pushed now, those that started last first, a page at a time. What was interrupted and
   * may come back is not among them: `find({ state: 'interrupted' })`.
   *
   * @throws AuditRequestError for a cursor or limit that cannot be; SessionsOffError
   */
  live(filter: LiveFilter = {}, page: PageRequest = {}): Promise<Page<SessionSummary>> {
    return this.find({ ...filter, state: 'live' }, page);
  }

  /**
   * Finds sessions, those that started last first, a page at a time.
   *
   * @throws AuditRequestError for a cursor or limit that cannot be; SessionsOffError
   */
  async find(filter: SessionFilter = {}, page: PageRequest = {}): Promise<Page<SessionSummary>> {
    this.checkIsOn();
    const limit = checkLimit(page.limit);
    const position = page.cursor === undefined ? null : decodePosition(page.cursor);
    const found = await this.database.read((tables) => {
      const query = tables
        .createQueryBuilder(LiveSession, 's')
        .where('s.registration = :registration', { registration: this.config.name })
        .orderBy('s.startedAt', 'DESC')
        .addOrderBy('s.id', 'DESC')
        .limit(limit + 1);
      applyFilter(query, filter);
      if (position) {
        // As two conditions, of which the first is a range of the index.
        query
          .andWhere('s.startedAt <= :startedAt', { startedAt: position.startedAt })
          .andWhere('(s.startedAt < :startedAt OR s.id < :id)', { id: position.id });
      }
      return query.getMany();
    });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((session) => summaryOf(session, this.config.clock())),
      nextCursor:
        found.length > limit && last
          ? encodePosition({ startedAt: last.startedAt.getTime(), id: last.id })
          : null,
    };
  }

  /**
   * One session with its pushes and totals; null when there is none. The id of each of its pushes leads to
   * it, and so does every id that it had before an earlier push became known.
   *
   * @throws SessionsOffError
   */
  get(id: string): Promise<SessionDetail | null> {
    this.checkIsOn();
    if (!isId(id)) return Promise.resolve(null);
    const { name: registration } = this.config;
    return this.database.read(async (tables) => {
      const push = await tables.getRepository(LivePush).findOneBy({ id, registration });
      return push && this.detailOf(tables, { id: push.sessionId });
    });
  }

  /**
   * The session of a stream: that which goes on, or else the last one; null when there was none.
   *
   * @throws SessionsOffError
   */
  of(stream: Omit<StreamIdentity, 'appId'>): Promise<SessionDetail | null> {
    this.checkIsOn();
    const streamKey = streamKeyOf(this.config.name, stream);
    return this.database.read((tables) => this.detailOf(tables, { streamKey }));
  }

  /**
   * Resolves with a session when it is over; with null when there is none.
   *
   * @param signal ends the wait
   * @throws SessionsOffError; the reason of the signal
   */
  async waitForEnd(
    id: string,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<SessionDetail | null> {
    for (;;) {
      signal?.throwIfAborted();
      const session = await this.get(id);
      if (session === null || session.state === 'ended') return session;
      await sleep(this.time.real(LOOK_MS), undefined, { signal }).catch(() => {});
    }
  }

  /**
   * Takes the stored pushes and interruptions in again, oldest first and in small transactions: after the
   * option was turned on, its window changed, or an upgrade. Callbacks may arrive meanwhile. What is known
   * of pushes whose callbacks are gone stays.
   *
   * @param signal ends it after the transaction in progress; the next rebuild begins anew
   * @returns how many callbacks were taken in
   * @throws SessionsOffError; the reason of the signal
   */
  async rebuild({ signal, ...request }: RebuildRequest & { signal?: AbortSignal } = {}): Promise<{
    callbacks: number;
  }> {
    this.checkIsOn();
    let callbacks = 0;
    let cursor: string | null | undefined;
    do {
      signal?.throwIfAborted();
      const step: RebuildStep = await this.rebuildStep(request, cursor ?? undefined);
      callbacks += step.callbacks;
      cursor = step.nextCursor;
    } while (cursor !== null);
    return { callbacks };
  }

  /** How many streams are pushed now, by push domain, of 10000 at most. @internal */
  liveByDomain(): Promise<Map<string, number>> {
    this.checkIsOn();
    return this.database.read((tables) => countLive(tables, this.config.name));
  }

  /** One transaction of a rebuild. @param cursor that of the step before @internal */
  rebuildStep(request: RebuildRequest, cursor?: string): Promise<RebuildStep> {
    this.checkIsOn();
    return this.rebuilder.step(request, cursor);
  }

  private async detailOf(
    tables: DataSource,
    which: { id: string } | { streamKey: string },
  ): Promise<SessionDetail | null> {
    const session = await tables
      .getRepository(LiveSession)
      .findOne({ where: which, order: { untilAt: 'DESC' } });
    if (!session) return null;
    const pushes = await tables.getRepository(LivePush).find({
      where: { sessionId: session.id },
      order: { startedAt: 'DESC', id: 'DESC' },
      take: MOST_PUSHES,
    });
    const addresses = await this.totals.addresses(tables, session);
    const doubles = doublesOf(
      pushes.map(({ id, startedAt, startedBy }) => {
        return { id, startedAt: startedAt.getTime(), startedBy };
      }),
    );
    return {
      ...summaryOf(session, this.config.clock()),
      pushes: pushes
        .filter(({ id }) => !doubles.has(id))
        .toReversed()
        .map((push) => toPushView(push, addresses.get(push.sequence))),
      totals: await this.totals.read(tables, session),
    };
  }

  private checkIsOn(): void {
    if (this.config.sessions === null) throw new SessionsOffError();
  }
}

function applyFilter(
  query: SelectQueryBuilder<LiveSession>,
  { domain, path, stream, state, from, to }: SessionFilter,
): void {
  for (const [property, value] of Object.entries({ domain, path, streamName: stream, state })) {
    if (value !== undefined) query.andWhere(`s.${property} = :${property}`, { [property]: value });
  }
  // Said to the database, because the index holds no others and is used only by those who say so.
  if (state !== undefined && state !== 'ended') query.andWhere("s.state <> 'ended'");
  if (from) query.andWhere('s.startedAt >= :from', { from: from.getTime() });
  if (to) query.andWhere('s.startedAt < :to', { to: to.getTime() });
}
