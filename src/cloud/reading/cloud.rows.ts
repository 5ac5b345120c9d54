import type { AnswerRow, Fields } from './answer.row.js';

/** A stream as the read actions name it. */
export interface CloudStream {
  /** Push domain. */
  readonly domain: string;
  /** Push path (AppName). */
  readonly path: string;
  readonly name: string;
}

/** A stream that is live, of the online list. */
export interface OnlineStream extends CloudStream {
  /** When each of its pushes began, Unix milliseconds in whole seconds. */
  readonly startedAt: readonly number[];
  /** The row as it came. */
  readonly row: Fields;
}

/** A push that is live, of the list of backup streams. */
export interface RunningPush extends CloudStream {
  /** Taken for the `sequence` of its callbacks; that the two are the same is not documented. */
  readonly sequence: string;
  /** Unix milliseconds in whole seconds. */
  readonly startedAt: number;
  /** The row as it came. */
  readonly row: Fields;
}

/** A moment of a push, of its samples. */
export interface PushSample extends CloudStream {
  /** Taken for the `sequence` of its callbacks, as that of the list of backup streams. */
  readonly sequence: string;
  /** When the push began, Unix milliseconds in whole seconds. */
  readonly startedAt: number;
  /** The row as it came. */
  readonly row: Fields;
}

/** A push that has ended, of the event list. Times are Unix milliseconds in whole seconds. */
export interface EndedPush extends CloudStream {
  readonly startedAt: number;
  readonly endedAt: number;
  /** For people; null where none is given. */
  readonly reason: string | null;
  /** IP address of the pusher; null where the cloud does not tell it. */
  readonly clientIp: string | null;
  /** The row as it came. */
  readonly row: Fields;
}

/** A callback that CSS has tried to deliver, of the callback records. */
export interface CallbackRecord {
  readonly eventType: number;
  /** What was sent. Holds the signature: not for logs. */
  readonly body: string;
  /** Whether the attempt was taken as success. */
  readonly isAcknowledged: boolean;
  /** The row as it came. Holds the signature too. */
  readonly row: Fields;
}

/** What a stream is doing. */
export type StreamState = 'active' | 'inactive' | 'forbid';

export function onlineStreamOf(row: AnswerRow): OnlineStream {
  return {
    ...streamOf(row),
    startedAt: row.rows('PublishTimeList').map((time) => time.time('PublishTime')),
    row: row.fields,
  };
}

/** The pushes of one name, of any domain and path. */
export function runningPushesOf(row: AnswerRow): RunningPush[] {
  const name = row.text('StreamName');
  return row.rows('BackupList').map((push) => ({
    domain: push.text('DomainName'),
    path: push.text('AppName'),
    name,
    sequence: push.text('UpstreamSequence'),
    startedAt: push.time('PublishTime'),
    row: push.fields,
  }));
}

/** Null for a push that has not ended: whether such ones are listed is not documented. */
export function endedPushOf(row: AnswerRow): EndedPush | null {
  const stream = streamOf(row);
  const startedAt = row.time('StreamStartTime');
  if (row.fields['StreamEndTime'] === '' || row.fields['StreamEndTime'] === null) return null;
  return {
    ...stream,
    startedAt,
    endedAt: row.time('StreamEndTime'),
    reason: row.optionalText('StopReason'),
    clientIp: row.optionalText('ClientIp'),
    row: row.fields,
  };
}

export function pushSampleOf(row: AnswerRow): PushSample {
  return {
    domain: row.text('PushDomain'),
    path: row.text('AppName'),
    name: row.text('StreamName'),
    sequence: row.text('Sequence'),
    startedAt: row.time('BeginPushTime'),
    row: row.fields,
  };
}

export function callbackRecordOf(row: AnswerRow): CallbackRecord {
  return {
    eventType: row.count('EventType'),
    body: row.text('Request'),
    isAcknowledged: row.fields['ResultCode'] === 0,
    row: row.fields,
  };
}

function streamOf(row: AnswerRow): CloudStream {
  return {
    domain: row.text('DomainName'),
    path: row.text('AppName'),
    name: row.text('StreamName'),
  };
}
