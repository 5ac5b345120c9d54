import { LivePush, LiveSession } from '../../src/index.js';
import type { SessionNews } from '../../src/sessions/session-event.writer.js';
import type { PushEvidence } from '../../src/sessions/push.evidence.js';
import { mergeFacts } from '../../src/sessions/push.facts.js';
import { isTouched, regroup } from '../../src/sessions/session.regrouping.js';
import { pushRowOf } from '../../src/sessions/session.rows.js';

/** The tables of one stream, in memory: what the writer does, without a database. */
export class SessionTable {
  constructor(
    readonly windowMs: number,
    readonly pushes: ReadonlyMap<string, LivePush> = new Map(),
    readonly sessions: ReadonlyMap<string, LiveSession> = new Map(),
    /** What who listens has been told last, by the id of the session. */
    readonly heard: ReadonlyMap<string, LiveSession> = new Map(),
    readonly told: readonly SessionNews[] = [],
  ) {}

  /** Takes in evidence; this table stays as it is. */
  take(evidence: PushEvidence, now: number): SessionTable {
    const before = this.pushes.get(evidence.id);
    const facts = mergeFacts(before?.facts ?? {}, evidence.facts);
    if (before && JSON.stringify(before.facts) === JSON.stringify(facts)) return this;
    const changed = pushRowOf('default', evidence, facts);
    const rows = before ? [before, changed] : [changed];
    const from = Math.min(...rows.map(({ startedAt }) => startedAt.getTime()));
    const to = Math.max(...rows.map(({ endedAt }) => endedAt?.getTime() ?? Infinity));
    const sessions = [...this.sessions.values()]
      .filter((session) => isTouched(session, { from, to }, this.windowMs, now))
      .toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    const ids = new Set(sessions.map(({ id }) => id));
    const result = regroup(evidence, [changed], {
      registration: 'default',
      sessions,
      pushes: [...this.pushes.values()].filter(({ sessionId }) => ids.has(sessionId)),
      windowMs: this.windowMs,
      now,
    });
    const pushes = new Map(this.pushes).set(changed.id, changed);
    for (const { to: sessionId, ids: moved } of result.moves) {
      for (const id of moved)
        pushes.set(id, Object.assign(new LivePush(), pushes.get(id), { sessionId }));
    }
    const left = new Map(this.sessions);
    for (const id of result.gone) left.delete(id);
    for (const row of result.rows) left.set(row.id, row);
    return this.with(pushes, left, result.news);
  }

  /** Ends what is over. */
  tick(now: number): SessionTable {
    const over = [...this.sessions.values()]
      .filter(({ state, untilAt }) => state === 'interrupted' && untilAt.getTime() <= now)
      .map((session) => Object.assign(new LiveSession(), session, { state: 'ended' as const }));
    const left = new Map(this.sessions);
    for (const session of over) left.set(session.id, session);
    const news = over.map((session) => ({ kind: 'session-ended' as const, session, merged: [] }));
    return this.with(this.pushes, left, news);
  }

  /** Both tables as text. */
  get rows(): string {
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    const pushes = [...this.pushes.values()].toSorted(byId).map(textOf);
    return [...pushes, ...[...this.sessions.values()].toSorted(byId).map(textOf)].join();
  }

  /** What is compared with {@link heardOf}: what events promise to tell. */
  get core(): string {
    return coreOf([...this.sessions.values()]);
  }

  /** What somebody knows who has listened, of the sessions that are left. */
  get heardCore(): string {
    return coreOf([...this.heard.values()]);
  }

  private with(
    pushes: ReadonlyMap<string, LivePush>,
    sessions: ReadonlyMap<string, LiveSession>,
    news: readonly SessionNews[],
  ): SessionTable {
    const heard = new Map(this.heard);
    for (const { session, merged } of news) {
      for (const id of merged) heard.delete(id);
      heard.set(session.id, session);
    }
    return new SessionTable(this.windowMs, pushes, sessions, heard, [...this.told, ...news]);
  }
}

/** Of rows, which do not change: thousands of tables share them. */
const texts = new WeakMap<object, string>();

function textOf(row: object): string {
  let text = texts.get(row);
  if (text === undefined) texts.set(row, (text = JSON.stringify(row)));
  return text;
}

function coreOf(sessions: readonly LiveSession[]): string {
  return JSON.stringify(
    sessions
      .map(({ id, state, startedAt, startedBy, interruptedAt, endedBy }) => {
        return { id, state, startedAt, startedBy, interruptedAt, endedBy };
      })
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
}
