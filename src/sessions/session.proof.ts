import { randomUUID } from 'node:crypto';

import type { DataSource, EntityManager } from 'typeorm';

import type { LiveCallbackConfig } from '../options/live-callback.config.js';
import type { CallbackDatabase } from '../storage/connection/callback.database.js';
import { retryOnContention } from '../storage/connection/contention.js';
import type { StatementVerdict } from '../storage/connection/statement.verdict.js';
import {
  LiveCallbackDelivery,
  LivePush,
  LiveSession,
  LiveSessionLock,
} from '../storage/entities/index.js';
import { databaseWithin, failureOf } from '../storage/proof.transaction.js';
import { SessionEraser } from '../storage/session.eraser.js';
import { insertEvents } from './event.rows.js';
import { pushIdOf, streamKeyOf, type PushEvidence } from './push.evidence.js';
import type { PushFacts } from './push.facts.js';
import type { SessionEventWriter } from './session-event.writer.js';
import { completeDeliveries, SESSION_LISTENER } from './session.deliveries.js';
import { SessionLock } from './session.lock.js';
import { SessionWriter } from './session.writer.js';

/** A registration that nobody has: no clock and no recorder looks for its sessions. */
const REGISTRATION = ' proof ';
/** What is read must be what was written, in whatever script. */
const STREAM = { appId: null, domain: 'żywo', path: '直播', name: '🎬' };
const WINDOW_MS = 60_000;
/** Later than the end of any session, as far as databases of every kind can tell. */
const FOREVER = new Date(8.64e15);

/**
 * Runs the statements that work sessions out on rows of its own, in transactions that are rolled back; see
 * `proveStatements`.
 *
 * @param dataSource of the module; on SQLite none that stores callbacks meanwhile
 * @param now the time of the database as an expression
 * @returns a verdict per kind of statement
 * @throws the database's error when it is away
 */
export async function proveSessionStatements(
  dataSource: DataSource,
  now: string,
): Promise<StatementVerdict[]> {
  const runner = dataSource.createQueryRunner();
  try {
    const verdicts: StatementVerdict[] = [];
    for (const [name, prove] of Object.entries(PROOFS)) {
      const error = await retryOnContention(() =>
        failureOf(runner, () => prove(new SessionProof(databaseWithin(runner, now)))),
      );
      verdicts.push({ name, error });
    }
    return verdicts;
  } finally {
    await runner.release();
  }
}

/** Whether sessions were ever worked out in a database. */
export function hasSessions(dataSource: DataSource): Promise<boolean> {
  return dataSource.manager.getRepository(LiveSessionLock).exists();
}

/** What a proof works with, within one transaction. */
class SessionProof {
  readonly manager: EntityManager;
  readonly writer: SessionWriter;

  constructor(readonly database: CallbackDatabase) {
    this.manager = database.manager;
    const config = {
      name: REGISTRATION,
      sessions: { windowMsOf: () => WINDOW_MS },
    } as unknown as LiveCallbackConfig;
    // Nobody is told: what the events are written with is proved by itself.
    const events = {
      write: () => Promise.resolve([]),
      handOn: () => {},
    } as unknown as SessionEventWriter;
    this.writer = new SessionWriter(database, new SessionLock(database, config), events, config);
  }

  /** @param facts of a push whose sequence is this */
  async take(sequence: string, facts: PushFacts): Promise<void> {
    const evidence: PushEvidence = {
      id: pushIdOf(REGISTRATION, STREAM, sequence),
      streamKey: streamKeyOf(REGISTRATION, STREAM),
      stream: STREAM,
      sequence,
      facts,
    };
    await this.writer.take({ tells: true }, () => Promise.resolve([evidence]));
  }

  async takeWhole(sequence: string, from: number, to: number): Promise<void> {
    const end = { at: to, durationMs: to - from, errcode: 1 };
    await this.take(sequence, { start: { value: from, source: 'callback' } });
    await this.take(sequence, { end: { value: end, source: 'callback' } });
  }

  sessions(): Promise<LiveSession[]> {
    return this.manager.getRepository(LiveSession).findBy({ registration: REGISTRATION });
  }
}

/** @returns whether the statements did what they should */
type Proof = (on: SessionProof) => Promise<boolean>;

const PROOFS: Readonly<Record<string, Proof>> = {
  'session-take': async (on) => {
    await on.take('1', { start: { value: 0, source: 'callback' } });
    const [session] = await on.sessions();
    return session?.streamName === STREAM.name && session.state === 'live';
  },
  'session-merge': async (on) => {
    await on.takeWhole('1', 0, 10_000);
    await on.takeWhole('3', 100_000, 110_000);
    const apart = await on.sessions();
    await on.takeWhole('2', 50_000, 60_000);
    const [one, ...others] = await on.sessions();
    const pushes = await on.manager.getRepository(LivePush).countBy({ sessionId: one?.id ?? '' });
    return apart.length === 2 && others.length === 0 && pushes === 3;
  },
  'session-end': async (on) => {
    const soon = Date.now() + 3_600_000;
    await on.takeWhole('1', soon - 1_000, soon);
    const [session] = await on.sessions();
    await on.manager.update(LiveSession, { id: session!.id }, { untilAt: new Date(0) });
    await on.writer.end([session!.id]);
    return (await on.sessions())[0]?.state === 'ended';
  },
  'session-event': async ({ manager }) => {
    const id = randomUUID();
    const delivery = {
      callbackId: id,
      listener: SESSION_LISTENER,
      orderingKey: id,
      attempts: 0 as const,
    };
    await insertEvents(manager, [{ row: eventRow(id), deliveries: [delivery] }]);
    const done = await completeDeliveries(manager, [{ callbackId: id, fence: 1 }]);
    const where = { callbackId: id, listener: SESSION_LISTENER, state: 'done' } as const;
    return done.has(id) && manager.getRepository(LiveCallbackDelivery).existsBy(where);
  },
  'session-forget': async (on) => {
    await on.takeWhole('1', 0, 10_000);
    const isForgotten = (await on.writer.forget(FOREVER, 1)) === 1;
    await on.takeWhole('1', 0, 10_000);
    const eraser = new SessionEraser(on.database, REGISTRATION);
    return isForgotten && (await eraser.erase(STREAM.name)) === 1;
  },
};

function eventRow(id: string) {
  const at = new Date(0);
  return {
    id,
    registration: REGISTRATION,
    kind: 'session-started',
    state: 'accepted' as const,
    origin: 'session' as const,
    appId: null,
    domain: STREAM.domain,
    path: STREAM.path,
    streamName: STREAM.name,
    occurredAt: at,
    receivedAt: at,
    lastReceivedAt: at,
    receiptsCount: 1,
    conflicting: false,
    contentDigest: randomUUID(),
    identityDigest: randomUUID(),
    body: JSON.stringify({ text: STREAM.name }),
    bodyEncoding: 'utf8' as const,
  };
}
