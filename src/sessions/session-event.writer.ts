import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { IdSource } from '../common/id.source.js';
import { emitSignal, type LiveCallbackSignals } from '../common/signals.js';
import { ListenerRegistry } from '../delivery/listeners/listener.registry.js';
import { LiveEventBus } from '../delivery/live-event.bus.js';
import { OrderingKeyTaker } from '../delivery/ordering-key.taker.js';
import type { LiveEvent } from '../events/live-event.js';
import { identityDigest } from '../events/payload/callback-digest.js';
import { parsePayload } from '../events/payload/payload.js';
import {
  meaningOfSession,
  sessionEventBody,
  type SessionEventData,
  type SessionEventKind,
} from '../events/session-event.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import type { LiveSession } from '../storage/entities/index.js';
import { deliveriesOf } from '../storage/new-deliveries.js';
import { insertEvents, type EventRow, type WrittenEvent } from './event.rows.js';
import { summaryOf } from './session.view.js';

/** What is to be told, with the row that says so. */
export interface SessionNews {
  readonly kind: SessionEventKind;
  readonly session: LiveSession;
  readonly merged: readonly string[];
}

/**
 * Writes events of sessions beside those that CSS sends, in the transaction that changes the session: rows
 * of the same tables, which the same listeners, retries and replays work on.
 */
@Injectable()
export class SessionEventWriter {
  private readonly ids = new IdSource();

  constructor(
    private readonly listeners: ListenerRegistry,
    private readonly taker: OrderingKeyTaker,
    private readonly bus: LiveEventBus,
    private readonly config: LiveCallbackConfig,
  ) {}

  /**
   * @param now the time of the database, Unix milliseconds
   * @param after receipt time of the latest event that is there
   * @returns what {@link handOn} takes after the commit
   */
  async write(
    manager: EntityManager,
    news: readonly SessionNews[],
    now: number,
    after: number,
  ): Promise<WrittenEvent[]> {
    // Ids sort by time of receipt, and what is told of a stream has the order in which it is told.
    const first = Math.max(now, after + 1);
    const written = news.map((one, index) => this.toEvent(one, first + index, now));
    await insertEvents(manager, written);
    return written;
  }

  /** After the commit: observers are told, and listeners need not wait for a poll. */
  handOn(written: readonly WrittenEvent[]): void {
    for (const { row } of written) {
      const { id, kind } = row;
      emitSignal('stored', () => ({ id, kind, state: 'accepted', conflicting: false }));
      const event = eventOf(row);
      emitSignal('session', () => signalOf(kind, event.data as unknown as SessionEventData));
      this.bus.emit(event);
    }
    this.taker.wake(written.flatMap(({ deliveries }) => deliveries));
  }

  private toEvent({ kind, session, merged }: SessionNews, at: number, now: number): WrittenEvent {
    const { name: registration } = this.config;
    const { appId, domain, path, streamName } = session;
    const id = this.ids.next(at);
    const summary = summaryOf(session, now);
    const receivedAt = new Date(at);
    const row: EventRow = {
      id,
      registration,
      kind,
      state: 'accepted',
      origin: 'session',
      appId,
      domain,
      path,
      streamName,
      occurredAt: occurredAt(kind, session, receivedAt),
      receivedAt,
      lastReceivedAt: receivedAt,
      receiptsCount: 1,
      conflicting: false,
      // Each is told once, by the transaction that finds it out.
      contentDigest: identityDigest(registration, 'session-event', [id]),
      identityDigest: identityDigest(registration, kind, [session.id, id]),
      body: sessionEventBody({ session: summary, merged }),
      bodyEncoding: 'utf8',
    };
    const listeners = this.listeners.matching(kind);
    return { row, deliveries: deliveriesOf(id, registration, summary.stream, listeners) };
  }
}

/** When that happened which an event tells of, by the clock of the sender. */
function occurredAt(kind: SessionEventKind, session: LiveSession, now: Date): Date {
  if (kind === 'session-started') return session.startedAt;
  if (kind === 'session-resumed') return session.liveSince ?? now;
  if (kind === 'session-interrupted' || kind === 'session-ended')
    return session.interruptedAt ?? now;
  return now;
}

function eventOf(row: EventRow): LiveEvent {
  const { id, registration, kind, receivedAt, conflicting } = row;
  const payload = parsePayload(row.body ?? '').value;
  const facts = { id, registration, origin: row.origin, receivedAt, attempt: 1, conflicting };
  return toLiveEvent(facts, meaningOfSession(kind, row.occurredAt, payload), payload);
}

function signalOf(event: string, { session }: SessionEventData): LiveCallbackSignals['session'] {
  const { stream, startedAt, endedAt, endReason } = session;
  return {
    event,
    domain: stream.domain,
    stream: stream.name,
    reason: endReason && (endReason.id ?? String(endReason.errcode)),
    durationMs: endedAt && endedAt.getTime() - startedAt.getTime(),
  };
}
