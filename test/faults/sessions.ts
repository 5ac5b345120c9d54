import type { DataSource } from 'typeorm';

import type { StreamStateDto } from '../../src/events/dto/stream-state.dto.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import { evidenceOf, type StateCallback } from '../../src/sessions/push.evidence.js';
import { mergeFacts, type PushFacts } from '../../src/sessions/push.facts.js';
import { pushRowOf, toSessionPush } from '../../src/sessions/session.rows.js';
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
  const expected = await expectedSessions(host);
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
      ...twice.map(({ stream, n }) => `${stream} is told ${n} times to have started`),
    ],
  };
}

async function expectedSessions(host: DataSource): Promise<Map<string, string>> {
  const interpreter = new EventInterpreter(new EventCatalog());
  const rows = await host.query<
    { body: string; kind: StateCallback['kind']; at: string | number }[]
  >(
    `SELECT body, kind, received_at AS at FROM live_callback
     WHERE kind IN ('stream-push', 'stream-interrupt') AND origin = 'callback'`,
  );
  const facts = new Map<string, { streamKey: string; sequence: string; facts: PushFacts }>();
  for (const { body, kind, at } of rows) {
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
    facts.set(evidence.id, { ...evidence, facts: mergeFacts(known, evidence.facts) });
  }
  const streams = new Map<string, SessionPush[]>();
  for (const [id, { streamKey, sequence, facts: of }] of facts) {
    const push = toSessionPush(pushRowOf('default', { id, sequence }, of));
    streams.set(streamKey, [...(streams.get(streamKey) ?? []), push]);
  }
  return new Map(
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
}

function lineOf(...values: (string | number | null | undefined)[]): string {
  return values.map((value) => (value === null ? 'null' : String(Number(value)))).join(' ');
}
