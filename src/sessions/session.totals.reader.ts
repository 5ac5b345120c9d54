import { Injectable } from '@nestjs/common';
import { IsNull, type DataSource, type SelectQueryBuilder } from 'typeorm';

import type { StreamStateDto } from '../events/dto/stream-state.dto.js';
import { EventInterpreter } from '../events/event-interpreter.js';
import { parsePayload } from '../events/payload/payload.js';
import { firstIdAt } from '../common/id.source.js';
import { LiveCallback, LivePush, type LiveSession } from '../storage/entities/index.js';
import { EVIDENCE_KINDS } from './push.evidence.js';
import type { PushAddresses } from './session.view.js';
import {
  countBelongings,
  TOLERANCE_MS,
  type Belonging,
  type SessionSpan,
  type SessionTotals,
} from './session.totals.js';

/** Kinds whose bodies are read. */
const KINDS: readonly Belonging['kind'][] = [
  'record-file',
  'record-status',
  'record-exception',
  'image-audit',
  'audio-audit',
  'push-error',
];
/** Callbacks that are read of one session, at most. */
const MOST_READ = 5_000;
/** By how much the clock of this host may be behind that of the sender, which its signatures allow, ms. */
const EARLIEST_MS = 900_000;
/** How long after the end of a session callbacks still come, ms: the cloud remembers them for two weeks. */
const LATEST_MS = 15 * 86_400_000;

/**
 * Reads what belongs to a session out of the stored callbacks, when somebody asks: so it costs nothing
 * before, and what becomes known of a session later moves nothing.
 */
@Injectable()
export class SessionTotalsReader {
  constructor(private readonly interpreter: EventInterpreter) {}

  async read(tables: DataSource, session: LiveSession): Promise<SessionTotals> {
    const span = spanOf(session);
    const found = await of(tables, session, span)
      .andWhere('c.kind IN (:...kinds)', { kinds: KINDS })
      .orderBy('c.id')
      .limit(MOST_READ + 1)
      .getMany();
    const callbacks = found.slice(0, MOST_READ).flatMap((row) => this.belongingOf(row) ?? []);
    const pushes = await tables
      .getRepository(LivePush)
      .find({ select: { id: true, sequence: true }, where: { sessionId: session.id } });
    const sequences = new Set(pushes.map(({ sequence }) => sequence));
    return {
      ...countBelongings(span, sequences, callbacks),
      screenshots: await screenshotsOf(tables, session, span),
      isPartial: found.length > callbacks.length,
    };
  }

  /** From where the pushes of a session came, by their sequence. */
  async addresses(
    tables: DataSource,
    session: LiveSession,
  ): Promise<ReadonlyMap<string, PushAddresses>> {
    const rows = await of(tables, session, spanOf(session))
      .andWhere('c.kind IN (:...kinds)', { kinds: EVIDENCE_KINDS })
      .andWhere('c.body IS NOT NULL')
      .orderBy('c.id', 'DESC')
      .limit(MOST_READ)
      .getMany();
    return new Map(
      rows.map(({ body, sequence }) => {
        const data = this.interpreter.interpret(parsePayload(body ?? '').value).data;
        const { node = null, user_ip: userIp = null } = data as StreamStateDto;
        return [sequence ?? '', { node, userIp }];
      }),
    );
  }

  private belongingOf({ kind, body, occurredAt, receivedAt }: LiveCallback): Belonging | null {
    if (body === null) return null;
    const { data } = this.interpreter.interpret(parsePayload(body).value);
    return { kind, data, occurredAt, receivedAt } as Belonging;
  }
}

function spanOf({ startedAt, interruptedAt }: LiveSession): SessionSpan {
  return { from: startedAt.getTime(), to: interruptedAt?.getTime() ?? Infinity };
}

async function screenshotsOf(
  tables: DataSource,
  session: LiveSession,
  { from, to }: SessionSpan,
): Promise<SessionTotals['screenshots']> {
  const query = of(tables, session, { from, to })
    .select('count(*)', 'count')
    .addSelect('max(c.occurredAt)', 'last')
    .andWhere("c.kind = 'screenshot'")
    .andWhere('c.occurredAt >= :earliest', { earliest: from - TOLERANCE_MS });
  if (to !== Infinity) query.andWhere('c.occurredAt <= :latest', { latest: to + TOLERANCE_MS });
  const row = await query.getRawOne<{ count: string; last: string | null }>();
  const last = row?.last ?? null;
  return { count: Number(row?.count), lastAt: last === null ? null : new Date(Number(last)) };
}

/** Accepted callbacks of the stream that came while a session was, or not long after. */
function of(
  tables: DataSource,
  { registration, domain, path, streamName }: LiveSession,
  { from, to }: SessionSpan,
): SelectQueryBuilder<LiveCallback> {
  const query = tables
    .createQueryBuilder(LiveCallback, 'c')
    .where({
      registration,
      streamName: streamName ?? IsNull(),
      domain: domain ?? IsNull(),
      path: path ?? IsNull(),
      state: 'accepted',
    })
    .andWhere('c.id >= :first', { first: firstIdAt(new Date(from - EARLIEST_MS)) });
  if (to !== Infinity) query.andWhere('c.id < :end', { end: firstIdAt(new Date(to + LATEST_MS)) });
  return query;
}
