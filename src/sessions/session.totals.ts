import type { AudioAuditDto } from '../events/kinds/audio-audit/audio-audit.dto.js';
import type { ImageAuditDto } from '../events/kinds/image-audit/image-audit.dto.js';
import type { PushErrorDto } from '../events/kinds/push-error/push-error.dto.js';
import type { RecordExceptionDto } from '../events/kinds/record-exception/record-exception.dto.js';
import type { RecordFileDto } from '../events/kinds/record-file/record-file.dto.js';
import type { RecordStatusDto } from '../events/kinds/record-status/record-status.dto.js';

/** What belongs to a session, counted from the stored callbacks. */
export interface SessionTotals {
  readonly recordings: {
    readonly files: number;
    readonly bytes: number;
    readonly seconds: number;
  };
  readonly screenshots: { readonly count: number; readonly lastAt: Date | null };
  /** Verdicts by `suggestion`: how often `Block`, `Review`, `Pass`. */
  readonly moderation: Readonly<Record<string, number>>;
  /** Anomalies of its pushes by `type`. */
  readonly pushErrors: Readonly<Record<string, number>>;
  /** Anomalies of its recordings by `type`. */
  readonly recordExceptions: Readonly<Record<string, number>>;
  /** Whether some are missing: their body was purged, or there are more than are counted. */
  readonly isPartial: boolean;
}

/** A callback that may belong to a session. */
export type Belonging = { readonly occurredAt: Date | null; readonly receivedAt: Date } & (
  | { readonly kind: 'record-file'; readonly data: RecordFileDto }
  | { readonly kind: 'record-status'; readonly data: RecordStatusDto }
  | { readonly kind: 'record-exception'; readonly data: RecordExceptionDto }
  | { readonly kind: 'image-audit'; readonly data: ImageAuditDto }
  | { readonly kind: 'audio-audit'; readonly data: AudioAuditDto }
  | { readonly kind: 'push-error'; readonly data: PushErrorDto }
);

/** When a session was, Unix milliseconds. */
export interface SessionSpan {
  readonly from: number;
  /** Infinity while it is live. */
  readonly to: number;
}

/** How far the clocks of the sender's services may be apart, ms. */
export const TOLERANCE_MS = 5_000;

/**
 * Counts what belongs to a session: anomalies of a push by its sequence, files by the time that they hold,
 * what tells of a recording by the session of that recording, verdicts by their time.
 *
 * @param sequences of its pushes
 */
export function countBelongings(
  span: SessionSpan,
  sequences: ReadonlySet<string>,
  callbacks: readonly Belonging[],
): Pick<SessionTotals, 'recordings' | 'moderation' | 'pushErrors' | 'recordExceptions'> {
  const recordings = { files: 0, bytes: 0, seconds: 0 };
  const moderation: Record<string, number> = {};
  const pushErrors: Record<string, number> = {};
  const recordExceptions: Record<string, number> = {};
  const recorded = recordingSessions(span, callbacks);
  for (const callback of callbacks) {
    const { kind, data } = callback;
    if (kind === 'record-file' && holdsPartOf(span, data)) {
      recordings.files++;
      recordings.bytes += data.file_size ?? 0;
      recordings.seconds += data.duration ?? 0;
    }
    if (kind === 'push-error' && sequences.has(data.sequence ?? '')) {
      for (const { type, count = 1 } of data.abnormal_event ?? []) add(pushErrors, type, count);
    }
    if (kind === 'record-exception' && belongs(callback, data.session_id, recorded, span)) {
      add(recordExceptions, data.exception?.type, data.exception?.occurs ?? 1);
    }
    const isVerdict = kind === 'image-audit' || kind === 'audio-audit';
    const at = kind === 'audio-audit' ? callback.receivedAt : callback.occurredAt;
    if (isVerdict && isWithin(span, at)) add(moderation, data.suggestion, 1);
  }
  return { recordings, moderation, pushErrors, recordExceptions };
}

/** Whether a time is that of a session, whose end and beginning may be told a little late. */
function isWithin({ from, to }: SessionSpan, time: Date | null): boolean {
  const at = time?.getTime();
  return at !== undefined && at >= from - TOLERANCE_MS && at <= to + TOLERANCE_MS;
}

/** Sessions of recordings, and whether they belong to this one: by their first status, or by a file. */
function recordingSessions(
  span: SessionSpan,
  callbacks: readonly Belonging[],
): ReadonlyMap<string, boolean> {
  const known = new Map<string, boolean>();
  for (const { kind, data, occurredAt } of callbacks) {
    const id = recordingSessionOf(kind, data);
    if (id === undefined) continue;
    const isOurs = kind === 'record-file' ? holdsPartOf(span, data) : isWithin(span, occurredAt);
    known.set(id, known.get(id) === true || isOurs);
  }
  return known;
}

function recordingSessionOf(kind: Belonging['kind'], data: Belonging['data']): string | undefined {
  if (kind === 'record-status') return (data as RecordStatusDto).session_id || undefined;
  if (kind !== 'record-file') return undefined;
  const extra = (data as RecordFileDto).callback_ext?.value as
    { session_id?: unknown } | null | undefined;
  return typeof extra?.session_id === 'string' ? extra.session_id : undefined;
}

function belongs(
  { occurredAt }: Belonging,
  sessionId: string | undefined,
  recorded: ReadonlyMap<string, boolean>,
  span: SessionSpan,
): boolean {
  return recorded.get(sessionId ?? '') ?? isWithin(span, occurredAt);
}

/** Whether a file holds a moment of a session. */
function holdsPartOf(
  { from, to }: SessionSpan,
  { end_time, duration = 0 }: RecordFileDto,
): boolean {
  if (end_time === undefined) return false;
  const end = end_time * 1000;
  return end >= from && end - duration * 1000 <= to;
}

function add(counts: Record<string, number>, name: string | number | undefined, by: number): void {
  if (name === undefined || name === '') return;
  counts[name] = (counts[name] ?? 0) + by;
}
