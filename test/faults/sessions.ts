import { In, type DataSource } from 'typeorm';

import type { StreamStateDto } from '../../src/events/dto/stream-state.dto.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import { evidenceOf, type StateCallback } from '../../src/sessions/push.evidence.js';
import { mergeFacts, type PushFacts } from '../../src/sessions/push.facts.js';
import { pushRowOf, toSessionPush } from '../../src/sessions/session.rows.js';
import { SESSION_LISTENER } from '../../src/sessions/session.deliveries.js';
import { dialectOf, ID_AS_TEXT } from '../../src/storage/connection/dialect.js';
import { LiveCallbackDelivery, LivePush } from '../../src/storage/entities/index.js';
import { sessionsOf, type SessionPush } from '../../src/sessions/session.state.js';

/** What became of sessions. */
export interface SessionOutcome {
  readonly sessions: number;
  /** What is otherwise than it would be without faults. */
  readonly differences: readonly string[];
}

const WINDOW_MS = 60_000;

/**
 * Compares the sessions in the tables with those that the stored callbacks make where nothing goes wrong: all
 * at once, in one order, without a database.
 */
export async function judgeSessions(host: DataSource): Promise<SessionOutcome> {
  const { expected, callbacks } = await expectedSessions(host);
  const rows = await host.query<Record<string, string | number | null>[]>(
    'SELECT id, started_at, interrupted_at, pushes_count, open_count, reconnects FROM live_session',
  );
  const found = new Map(
    rows.map(({ id, ...row }) => [
      String(id),
      lineOf(
        row['started_at'],
        row['interrupted_at'],
        row['pushes_count'],
        row['open_count'],
        row['reconnects'],
      ),
    ]),
  );
  const differences = [...new Set([...expected.keys(), ...found.keys()])]
    .filter((id) => expected.get(id) !== found.get(id))
    .map(
      (id) => `session ${id}: ${found.get(id) ?? 'none'} instead of ${expected.get(id) ?? 'none'}`,
    );
  const twice = await host.query<{ stream: string; n: string | number }[]>(
    `SELECT stream_name AS stream, count(*) AS n FROM live_callback
     WHERE kind = 'session-started' GROUP BY stream_name, identity_digest HAVING count(*) > 1`,
  );
  return {
    sessions: found.size,
    differences: [
      ...differences,
      ...(await missingPushes(host, callbacks)),
      ...twice.map(({ stream, n }) => `${stream} is told ${n} times to have started`),
    ],
  };
}

/** Pushes that are in no session, with what became of the deliveries that should have brought them. */
async function missingPushes(
  host: DataSource,
  callbacks: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const pushes = await host
    .getRepository(LivePush)
    .createQueryBuilder('p')
    .select(['p.id', 'p.sessionId'])
    .getMany();
  const known = new Set(pushes.map(({ id }) => id));
  const missing = [...callbacks].filter(([id]) => !known.has(id));
  return Promise.all(
    missing.map(async ([id, callbackIds]) => {
      const deliveries = await host
        .getRepository(LiveCallbackDelivery)
        .findBy({ listener: SESSION_LISTENER, callbackId: In([...callbackIds]) });
      return `push ${id} is missing: ${JSON.stringify(deliveries)}`;
    }),
  );
}

/** The sessions by their lines, and the callbacks that tell of each push. */
async function expectedSessions(
  host: DataSource,
): Promise<{ expected: Map<string, string>; callbacks: Map<string, string[]> }> {
  const interpreter = new EventInterpreter(new EventCatalog());
  const rows = await host.query<
    { id: string; body: string; kind: StateCallback['kind']; at: string | number }[]
  >(
    `SELECT ${ID_AS_TEXT[dialectOf(host)]('id')} AS id, body, kind, received_at AS at FROM live_callback
     WHERE kind IN ('stream-push', 'stream-interrupt') AND origin = 'callback'`,
  );
  const facts = new Map<string, { streamKey: string; sequence: string; facts: PushFacts }>();
  const callbacks = new Map<string, string[]>();
  for (const { id, body, kind, at } of rows) {
    const { stream, occurredAt, data } = interpreter.interpret(parsePayload(body).value);
    const evidence = evidenceOf({
      registration: 'default',
      origin: 'callback',
      kind,
      stream,
      occurredAt,
      receivedAt: new Date(Number(at)),
      data: data as StreamStateDto,
    });
    if (!evidence) continue;
    const known = facts.get(evidence.id)?.facts ?? {};
    callbacks.set(evidence.id, [...(callbacks.get(evidence.id) ?? []), id]);
    facts.set(evidence.id, { ...evidence, facts: mergeFacts(known, evidence.facts) });
  }
  const streams = new Map<string, SessionPush[]>();
  for (const [id, { streamKey, sequence, facts: of }] of facts) {
    const push = toSessionPush(pushRowOf('default', { id, sequence }, of));
    streams.set(streamKey, [...(streams.get(streamKey) ?? []), push]);
  }
  const expected = new Map(
    [...streams.values()].flatMap((pushes) =>
      sessionsOf(pushes, WINDOW_MS, Date.now()).map((session) => [
        session.id,
        lineOf(
          session.startedAt,
          session.interruptedAt,
          session.pushes.length,
          session.openCount,
          session.reconnects,
        ),
      ]),
    ),
  );
  return { expected, callbacks };
}

function lineOf(...values: (string | number | null | undefined)[]): string {
  return values.map((value) => (value === null ? 'null' : String(Number(value)))).join(' ');
}
