import { recordExceptionMeaning } from '../../events/kinds/record-exception/record-exception-types.js';
import { recordFileCallback } from '../../testing/callback-builders.js';
import { decimalId, type CallbackFields } from '../../testing/callback-fields.js';
import {
  recordExceptionCallback,
  recordStatusCallback,
} from '../../testing/service-callback-builders.js';
import type { EmulatedSession } from '../stream.history.js';
import { byApp, byAppName, byPath, toSeconds } from './envelope.js';

/** Formats of a recording, with their number in `record_detail` and the suffix of the file. */
const FORMATS = {
  flv: { number: 1, suffix: 'flv' },
  hls: { number: 2, suffix: 'm3u8' },
  mp4: { number: 3, suffix: 'mp4' },
  aac: { number: 4, suffix: 'aac' },
} as const;

/** Format of a recording, as it stands on the wire. */
export type RecordFormat = keyof typeof FORMATS;

/** The formats there are. */
export const RECORD_FORMATS = Object.keys(FORMATS) as readonly RecordFormat[];

/** A recording of a push. */
export interface RecordingFacts {
  /** Of the recording task; its status and its files share it. */
  readonly taskId: string;
  readonly format: RecordFormat;
}

/** A stretch of a recording, Unix milliseconds. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** Bytes per second of the recorded stream: 2 Mbit/s. */
const BYTES_PER_SECOND = 250_000;

/** A file of a recording is finished and stored. */
export function recordFilePayload(
  session: EmulatedSession,
  { taskId, format }: RecordingFacts,
  { from, to }: Slice,
): CallbackFields {
  const fileId = decimalId();
  const duration = Math.max(Math.round((to - from) / 1000), 1);
  return recordFileCallback({
    ...byApp(session),
    file_id: fileId,
    record_file_id: fileId,
    file_format: format,
    task_id: taskId,
    start_time: toSeconds(from),
    start_time_usec: (from % 1000) * 1000,
    end_time: toSeconds(to),
    end_time_usec: (to % 1000) * 1000,
    duration,
    file_size: duration * BYTES_PER_SECOND,
    media_start_time: from - session.startedAt,
    video_url: `http://${session.appId}.vod.example.com/${fileId}/f0.${FORMATS[format].suffix}`,
    callback_ext: JSON.stringify({
      video_codec: 'h264',
      resolution: `${session.width}x${session.height}`,
      session_id: taskId,
    }),
  });
}

/** The status of a recording changed. */
export function recordStatusPayload(
  session: EmulatedSession,
  at: number,
  { taskId, format }: RecordingFacts,
  recordEvent: string,
): CallbackFields {
  return recordStatusCallback({
    ...byAppName(session),
    event_time: toSeconds(at),
    record_event: recordEvent,
    record_detail: JSON.stringify({
      file_format: FORMATS[format].number,
      record_bps: 0,
      start_model: 1,
      record_content: 1,
      source_type: 1,
      codec_temp_id: 0,
    }),
    session_id: taskId,
  });
}

/** Something is wrong with a recording. */
export function recordExceptionPayload(
  session: EmulatedSession,
  at: number,
  { taskId, format }: RecordingFacts,
  type = -9,
): CallbackFields {
  return recordExceptionCallback({
    ...byPath(session),
    session_id: taskId,
    file_format: format === 'hls' ? 'ts' : format,
    timestamp: toSeconds(at),
    exception: { type, desc: recordExceptionMeaning(type)?.en ?? 'Unknown anomaly.', occurs: 1 },
  });
}
