import { decimalId, type CallbackFields } from '../testing/callback-fields.js';
import { EmulatorError } from './emulator.error.js';
import type { SentCallback } from './outgoing.callback.js';
import {
  interruptMessage,
  interruptPayload,
  pushErrorPayload,
  pushPayload,
  type PushErrorFacts,
} from './payloads/push.payloads.js';
import { SERVICE_PAYLOADS, type ServiceKind } from './payloads/service.payloads.js';
import type { CheckedPush } from './push-stream.options.js';
import { Recording, type RecordingOptions } from './recording.js';
import { ScreenshotTask } from './screenshot.task.js';
import type { EmulatedSession } from './stream.history.js';
import type { StreamVoice } from './stream.voice.js';

/** What a stream needs of its emulator. */
export interface StreamHome extends Pick<StreamVoice, 'clock'> {
  readonly appId: number;
  send(
    kind: string,
    session: EmulatedSession,
    fields: CallbackFields,
    delayMs?: number,
  ): SentCallback;
  /** The push is over. */
  ended(stream: PushedStream): void;
}

/** Of the ingest node. */
const SERVER_IP = '192.0.2.10';

/**
 * A push that runs. What happens to it becomes callbacks that agree with each other: one sequence,
 * durations that fit the times, files of the recording that ran.
 *
 * Each method takes `fields` that replace those of the payload, in their spelling on the wire.
 */
export class PushedStream implements StreamVoice {
  /** The callback of the push itself. */
  readonly pushed: SentCallback;
  private readonly start: EmulatedSession;
  private end: Pick<EmulatedSession, 'endedAt' | 'errcode' | 'errmsg'> | null = null;
  private readonly pictures: ScreenshotTask;
  private readonly recordings: Recording[] = [];

  /** Made by `CssEmulator.pushStream`. */
  constructor(
    private readonly home: StreamHome,
    { screenshots, record, ...push }: CheckedPush,
  ) {
    this.start = {
      ...push,
      appId: home.appId,
      sequence: decimalId(),
      startedAt: home.clock.now(),
      endedAt: null,
      serverIp: SERVER_IP,
      errcode: null,
      errmsg: null,
    };
    this.pictures = new ScreenshotTask(this);
    this.pushed = this.say('stream-push', pushPayload(this.start));
    if (screenshots) this.pictures.start(screenshots);
    if (record) this.record(record);
  }

  get clock(): StreamHome['clock'] {
    return this.home.clock;
  }

  /** The push as it is now. */
  get session(): EmulatedSession {
    return { ...this.start, ...this.end };
  }

  /** Identifies the push in its callbacks. */
  get sequence(): string {
    return this.start.sequence;
  }

  get isRunning(): boolean {
    return this.end === null;
  }

  /** Takes a picture now, besides those at the interval. */
  screenshot(fields?: CallbackFields): SentCallback {
    this.mustRun();
    return this.pictures.take(fields);
  }

  /** Moderation finds the last picture suspicious. */
  imageAudit(fields?: CallbackFields): SentCallback {
    return this.pictures.moderate(fields);
  }

  /** Starts a recording, which ends with the push or before. */
  record(options: RecordingOptions = {}): Recording {
    this.mustRun();
    const recording = new Recording(this, options);
    this.recordings.push(recording);
    return recording;
  }

  /** The push misbehaves: `event_type` 321. */
  pushError(facts?: PushErrorFacts, fields: CallbackFields = {}): SentCallback {
    this.mustRun();
    const payload = pushErrorPayload(this.start, this.clock.now(), facts);
    return this.say('push-error', { ...payload, ...fields });
  }

  /** A service of CSS finds something out: sound, subtitles, quality, a summary and the like. */
  report(kind: ServiceKind, fields: CallbackFields = {}): SentCallback {
    if (!Object.hasOwn(SERVICE_PAYLOADS, kind)) {
      const kinds = Object.keys(SERVICE_PAYLOADS).join(', ');
      throw new EmulatorError(`No service reports "${kind}". Kinds: ${kinds}.`);
    }
    const payload = SERVICE_PAYLOADS[kind](this.session, this.clock.now());
    return this.say(kind, { ...payload, ...fields });
  }

  /**
   * Ends the push: pictures stop, recordings are finished, the interruption is sent.
   *
   * @param how `errcode` (docs/protocol.md, 4.2); 1, the client stopped, by default
   * @throws EmulatorError when it has ended already
   */
  interrupt({ errcode = 1 }: { errcode?: number } = {}, fields: CallbackFields = {}): SentCallback {
    this.mustRun();
    const endedAt = this.clock.now();
    this.end = { endedAt, errcode, errmsg: interruptMessage(errcode) };
    this.pictures.stop();
    const payload = interruptPayload(this.start, endedAt, errcode);
    const interruption = this.say('stream-interrupt', { ...payload, ...fields });
    for (const recording of this.recordings) recording.stop();
    this.home.ended(this);
    return interruption;
  }

  /** Ends everything without a callback, as the emulator does when it is closed. */
  abandon(): void {
    this.pictures.stop();
    for (const recording of this.recordings) recording.abandon();
  }

  /** Sends any payload to the URL of a kind, a kind of the host's own included. */
  say(kind: string, fields: CallbackFields, delayMs?: number): SentCallback {
    return this.home.send(kind, this.start, fields, delayMs);
  }

  private mustRun(): void {
    if (this.isRunning) return;
    const { domain, appName, streamName } = this.start;
    throw new EmulatorError(`The push of ${domain}/${appName}/${streamName} has ended.`);
  }
}
