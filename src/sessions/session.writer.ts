import { Injectable } from '@nestjs/common';
import { In, LessThan, type EntityManager } from 'typeorm';

import { groupBy } from '../common/group-by.js';
import { SAME_MS } from '../events/push-beginning.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { toBytes } from '../storage/entities/columns.js';
import { LivePush, LiveSession } from '../storage/entities/index.js';
import { SessionEventWriter, type SessionNews } from './session-event.writer.js';
import { SessionLock } from './session.lock.js';
import type { PushEvidence } from './push.evidence.js';
import { mergeFacts, type PushFacts } from './push.facts.js';
import { isTouched, regroup } from './session.regrouping.js';
import { PUSH_PROPERTIES, pushRowOf, type PushRow } from './session.rows.js';
import { deleteSessions, insertOrUpdate, movePushes } from './session.statements.js';

/** Sessions that were interrupted so long ago are told to be over before what comes after them, ms. */
const OVERDUE_MS = 300_000;

/** The evidence of one stream. */
interface StreamWork {
  readonly evidence: PushEvidence;
  readonly changed: LivePush[];
  /** Beginning and end of what changes, Unix milliseconds. */
  from: number;
  to: number;
}

/** How evidence is taken in. */
export interface TakingIn {
  /** Whether events are written of what changes. */
  readonly tells: boolean;
  /** Whether streams are grouped anew of which nothing new is known. Default: false. */
  readonly isAnew?: boolean;
}

/** Takes evidence into pushes and sessions. */
@Injectable()
export class SessionWriter {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly lock: SessionLock,
    private readonly events: SessionEventWriter,
    private readonly config: LiveCallbackConfig,
  ) {}

  /**
   * Takes in evidence, in one transaction of its own.
   *
   * @param first what else the transaction does, before; says which of the evidence counts
   */
  async take(
    { tells, isAnew = false }: TakingIn,
    first: (manager: EntityManager) => Promise<readonly PushEvidence[]>,
  ): Promise<void> {
    await this.change(tells, async (manager, now) => {
      const evidence = await first(manager);
      return evidence.length === 0 ? [] : this.merge(manager, evidence, now, isAnew);
    });
  }

  /** Ends those of some sessions whose window has passed. */
  async end(ids: readonly string[]): Promise<void> {
    await this.change(true, async (manager, now) => {
      const sessions = await manager
        .getRepository(LiveSession)
        .find({ where: { id: In([...ids]), state: 'interrupted' }, order: { startedAt: 'ASC' } });
      const over = sessions.filter(({ untilAt }) => untilAt.getTime() <= now);
      for (const session of over) session.state = 'ended';
      const overIds = over.map(({ id }) => id);
      if (overIds.length > 0)
        await manager.update(LiveSession, { id: In(overIds) }, { state: 'ended' });
      return over.map((session) => ({ kind: 'session-ended', session, merged: [] }));
    });
  }

  /** Forgets some of the sessions that were over before a time. @returns how many */
  async forget(before: Date, most: number): Promise<number> {
    let count = 0;
    await this.change(false, async (manager) => {
      const old = await manager.getRepository(LiveSession).find({
        select: { id: true },
        where: {
          registration: this.config.name,
          state: 'ended',
          // Follows from the other, and has an index.
          startedAt: LessThan(before),
          untilAt: LessThan(before),
        },
        order: { startedAt: 'ASC' },
        take: most,
      });
      count = old.length;
      const ids = old.map(({ id }) => id);
      if (count > 0) await manager.delete(LivePush, { sessionId: In(ids) });
      await deleteSessions(manager, ids);
      return [];
    });
    return count;
  }

  /** What changes sessions, and what is told of it, is one transaction, and one at a time. */
  private async change(
    tells: boolean,
    work: (manager: EntityManager, now: number) => Promise<SessionNews[]>,
  ): Promise<void> {
    const written = await this.database.transaction(async (manager) => {
      const { now, lastEventAt } = await this.lock.take(manager);
      const news = await work(manager, now);
      if (!tells || news.length === 0) return [];
      await this.lock.moveOn(manager, Math.max(now, lastEventAt + 1) + news.length);
      return this.events.write(manager, news, now, lastEventAt);
    });
    this.events.handOn(written);
  }

  private async merge(
    manager: EntityManager,
    evidence: readonly PushEvidence[],
    now: number,
    isAnew: boolean,
  ): Promise<SessionNews[]> {
    const streams = await this.changedPushes(manager, evidence, isAnew);
    if (streams.size === 0) return [];
    const known = await this.touchedSessions(manager, streams, now);
    const sessions = groupBy(known, ({ streamKey }) => streamKey);
    const pushes = groupBy(await this.pushesOf(manager, known), ({ sessionId }) => sessionId);
    const regrouped = [...streams].map(([streamKey, { evidence: of, changed }]) => {
      const before = sessions.get(streamKey) ?? [];
      return regroup(of, changed, {
        registration: this.config.name,
        sessions: before,
        pushes: before.flatMap(({ id }) => pushes.get(id) ?? []),
        windowMs: this.windowMsOf(of),
        now,
      });
    });
    const changed = [...streams.values()].flatMap((work) => work.changed);
    await insertOrUpdate(manager, LivePush, changed);
    for (const { to, ids } of regrouped.flatMap(({ moves }) => moves)) {
      await movePushes(manager, ids, to);
    }
    await deleteSessions(
      manager,
      regrouped.flatMap(({ gone }) => gone),
    );
    await insertOrUpdate(
      manager,
      LiveSession,
      regrouped.flatMap(({ rows }) => rows),
    );
    return regrouped.flatMap(({ news }) => news);
  }

  /** The pushes of which something new is known, by stream. */
  private async changedPushes(
    manager: EntityManager,
    evidence: readonly PushEvidence[],
    isAnew: boolean,
  ): Promise<Map<string, StreamWork>> {
    const found = await manager
      .getRepository(LivePush)
      .find({ where: { id: In([...new Set(evidence.map(({ id }) => id))]) } });
    const known = new Map(found.map((push) => [push.id, push]));
    const merged = new Map<string, { evidence: PushEvidence; facts: PushFacts }>();
    for (const one of evidence) {
      const before = merged.get(one.id)?.facts ?? known.get(one.id)?.facts ?? {};
      merged.set(one.id, { evidence: one, facts: mergeFacts(before, one.facts) });
    }
    const streams = new Map<string, StreamWork>();
    for (const { evidence: one, facts } of merged.values()) {
      const before = known.get(one.id);
      const isKnown = before && JSON.stringify(before.facts) === JSON.stringify(facts);
      if (isKnown && !isAnew) continue;
      const push = pushRowOf(this.config.name, one, facts);
      const work = streams.get(one.streamKey) ?? {
        evidence: one,
        changed: [],
        from: Infinity,
        to: -Infinity,
      };
      push.sessionId = before?.sessionId ?? push.id;
      work.changed.push(push);
      for (const row of before ? [before, push] : [push]) {
        work.from = Math.min(work.from, row.startedAt.getTime());
        work.to = Math.max(work.to, row.endedAt?.getTime() ?? Infinity);
      }
      streams.set(one.streamKey, work);
    }
    return streams;
  }

  /** Those that have or get a push that changes, and those that should have been told to be over. */
  private async touchedSessions(
    manager: EntityManager,
    streams: ReadonlyMap<string, StreamWork>,
    now: number,
  ): Promise<LiveSession[]> {
    const works = [...streams.values()];
    const from = Math.min(...works.map((work) => work.from));
    // A window that was shorter when they were grouped.
    const longest = Math.max(...works.map((work) => this.windowMsOf(work.evidence)));
    const found = await manager
      .getRepository(LiveSession)
      .createQueryBuilder('s')
      .where('s.streamKey IN (:...keys)', { keys: [...streams.keys()].map(toBytes) })
      .andWhere('s.untilAt >= :from', {
        from: Math.min(from - longest - SAME_MS, now - OVERDUE_MS),
      })
      .orderBy('s.startedAt')
      .getMany();
    return found.filter((session) => {
      const work = streams.get(session.streamKey)!;
      return isTouched(session, work, this.windowMsOf(work.evidence), now);
    });
  }

  private pushesOf(
    manager: EntityManager,
    sessions: readonly LiveSession[],
  ): Promise<readonly PushRow[]> {
    if (sessions.length === 0) return Promise.resolve([]);
    return manager.getRepository(LivePush).find({
      select: PUSH_PROPERTIES,
      where: { sessionId: In(sessions.map(({ id }) => id)) },
    });
  }

  private windowMsOf({ stream }: PushEvidence): number {
    return this.config.sessions?.windowMsOf(stream.domain) ?? 0;
  }
}
