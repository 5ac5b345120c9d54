import { decimalId, type CallbackFields } from '../testing/callback-fields.js';
import { EmulatorError } from './emulator.error.js';
import type { SentCallback } from './outgoing.callback.js';
import {
  RECORD_FORMATS,
  recordExceptionPayload,
  recordFilePayload,
  recordStatusPayload,
  type RecordFormat,
  type RecordingFacts,
} from './payloads/recording.payloads.js';
import { positive } from './option.checks.js';
import type { StreamVoice } from './stream.voice.js';

/** How a stream is recorded. */
export interface RecordingOptions {
  /** Default: `hls`. */
  format?: RecordFormat;
  /** A file for each stretch of so many milliseconds. Default: one file for all. */
  sliceMs?: number;
}

/** From the end of a stretch to its stored file; 2 to 10 s were observed. */
const PROCESSING_MS = 3_000;

/** A recording that runs: its status and its files become callbacks. */
export class Recording {
  private readonly facts: RecordingFacts;
  private readonly sliceMs: number | null;
  private sliceFrom: number;
  private unschedule = () => {};
  private isRunning = true;

  /** Made by `PushedStream.record`. */
  constructor(
    private readonly stream: StreamVoice,
    options: RecordingOptions,
  ) {
    const { format = 'hls', sliceMs } = checkedRecording(options);
    this.facts = { taskId: decimalId(), format };
    this.sliceMs = sliceMs ?? null;
    this.sliceFrom = stream.clock.now();
    this.report('record_start_succeeded');
    this.scheduleSlice();
  }

  /** `task_id` of the files, `session_id` of the status. */
  get taskId(): string {
    return this.facts.taskId;
  }

  /** Sends a changed status, such as `record_paused` (docs/protocol.md, 4.4). */
  report(recordEvent: string, fields: CallbackFields = {}): SentCallback {
    const { session, clock } = this.stream;
    const payload = recordStatusPayload(session, clock.now(), this.facts, recordEvent);
    return this.stream.say('record-status', { ...payload, ...fields });
  }

  /** Sends an anomaly, by default a jump of the video timestamp (docs/protocol.md, 4.5). */
  exception(type?: number, fields: CallbackFields = {}): SentCallback {
    const { session, clock } = this.stream;
    const payload = recordExceptionPayload(session, clock.now(), this.facts, type);
    return this.stream.say('record-exception', { ...payload, ...fields });
  }

  /** Ends the recording: its status at once, its last file when it is stored. */
  stop(): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.unschedule();
    this.report('record_ended');
    this.finishSlice();
  }

  /** Ends it without a word. */
  abandon(): void {
    this.isRunning = false;
    this.unschedule();
  }

  private scheduleSlice(): void {
    if (this.sliceMs === null) return;
    this.unschedule = this.stream.clock.setTimeout(() => {
      this.finishSlice();
      this.scheduleSlice();
    }, this.sliceMs);
  }

  private finishSlice(): void {
    const { session, clock } = this.stream;
    const slice = { from: this.sliceFrom, to: clock.now() };
    this.sliceFrom = slice.to;
    if (slice.from === slice.to) return; // nothing was recorded, so there is no file
    const payload = recordFilePayload(session, this.facts, slice);
    this.stream.say('record-file', payload, PROCESSING_MS);
  }
}

/** @throws EmulatorError for an unknown format, or a length that is none */
export function checkedRecording(options: RecordingOptions): RecordingOptions {
  const { format = 'hls', sliceMs } = options;
  if (!RECORD_FORMATS.includes(format)) {
    const formats = RECORD_FORMATS.join(', ');
    throw new EmulatorError(`There is no recording format "${format}". Formats: ${formats}.`);
  }
  if (sliceMs !== undefined) positive('record.sliceMs', sliceMs);
  return options;
}
