import { interruptMeaning } from '../events/kinds/stream-interrupt/interrupt-reasons.js';
import type { EndReason, PushState, SessionSummary } from '../events/session-event.js';
import type { LivePush, LiveSession } from '../storage/entities/index.js';

/** From where a push came. */
export interface PushAddresses {
  readonly node: string | null;
  readonly userIp: string | null;
}

/** One push of a session. */
export interface PushView {
  readonly sequence: string;
  readonly state: PushState;
  readonly startedAt: Date;
  readonly startedBy: LivePush['startedBy'];
  /** Null while it is open. */
  readonly endedAt: Date | null;
  readonly endedBy: LivePush['endedBy'];
  /** Null while it is open, and where nobody has said. */
  readonly endReason: EndReason | null;
  /** IP address of the ingest node; null once the bodies are purged or erased. */
  readonly node: string | null;
  /** IP address of the pusher; likewise. */
  readonly userIp: string | null;
}

/** @param now to which the uptime of a live one counts, Unix milliseconds */
export function summaryOf(session: LiveSession, now: number): SessionSummary {
  const { appId, domain, path, streamName, state, interruptedAt, liveSince } = session;
  const stretch = liveSince === null ? 0 : Math.max(0, now - liveSince.getTime());
  return {
    id: session.id,
    stream: { appId, domain, path, name: streamName },
    state,
    startedAt: session.startedAt,
    startedBy: session.startedBy,
    interruptedAt,
    endedAt: state === 'ended' ? interruptedAt : null,
    endedBy: session.endedBy,
    endReason: reasonOf(session.errcode),
    lastConfirmedAt: session.lastConfirmedAt,
    pushesCount: session.pushesCount,
    openCount: session.openCount,
    unconfirmedCount: session.unconfirmedCount,
    uptimeMs: session.uptimeMs + stretch,
    gapMs: session.gapMs,
    reconnects: session.reconnects,
    peakConcurrentPushes: session.peakConcurrentPushes,
    width: session.width,
    height: session.height,
  };
}

/** Shapes the row of a push. @param addresses what its callbacks say, where they have their bodies */
export function toPushView(push: LivePush, addresses: PushAddresses | undefined): PushView {
  const { sequence, state, startedAt, startedBy, endedAt, endedBy, errcode } = push;
  return {
    sequence,
    state,
    startedAt,
    startedBy,
    endedAt,
    endedBy,
    endReason: reasonOf(errcode),
    node: addresses?.node ?? null,
    userIp: addresses?.userIp ?? null,
  };
}

function reasonOf(errcode: number | null): EndReason | null {
  if (errcode === null) return null;
  const meaning = interruptMeaning(errcode);
  return { errcode, id: meaning?.id ?? null, hint: meaning?.hint.en ?? null };
}
