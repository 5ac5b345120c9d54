import { decimalId, type CallbackFields } from '../testing/callback-fields.js';
import { EmulatorError } from './emulator.error.js';
import type { EmulatorClock } from './emulator.clock.js';
import type { SentCallback } from './outgoing.callback.js';
import { relayPayload, type RelayFacts } from './payloads/relay.payloads.js';
import type { PushedStream } from './pushed.stream.js';
import { checkedPush, type PushStreamOptions } from './push-stream.options.js';
import type { EmulatedSession } from './stream.history.js';

/** A relay task: what it pulls, what it pushes, and whom it tells. */
export interface RelayOptions {
  /** What is pulled, in this order. */
  sourceUrls: readonly string[];
  /** The stream that is pushed. */
  to: PushStreamOptions;
  /** `CallbackUrl` of the task. Default: the URL that the directory has for the kind `relay`. */
  callbackUrl?: string;
  /** `CallbackEvents` of the task: only these are sent. Default: all. */
  callbackEvents?: readonly string[];
}

/** What a relay task needs of its emulator. */
export interface RelayHome {
  readonly clock: EmulatorClock;
  readonly appId: number;
  pushStream(options: PushStreamOptions): PushedStream;
  /** Sends to a URL, or without one to that of the directory. */
  sendTo(
    url: string | undefined,
    kind: string,
    session: EmulatedSession,
    fields: CallbackFields,
  ): SentCallback;
}

/**
 * A relay (pull and push) task. Its callbacks are not signed, and go to the URL of the task instead
 * of that of a template; the stream that it pushes has callbacks of its own, as any other.
 */
export class RelayTask {
  readonly taskId = decimalId();
  private current: PushedStream | null = null;

  /** Made by `CssEmulator.createRelay`. */
  constructor(
    private readonly home: RelayHome,
    private readonly options: RelayOptions,
  ) {
    if (options.sourceUrls.length === 0) {
      throw new EmulatorError('sourceUrls must name at least one source.');
    }
    checkedPush(options.to);
  }

  /** The latest stream that it has pushed; null before the first start. */
  get stream(): PushedStream | null {
    return this.current;
  }

  /** Starts to push; again after an exit, which is not final. */
  start(fields?: CallbackFields): SentCallback | null {
    const { to } = this.options;
    const place = { txFrom: 'pullpush', ppTaskId: this.taskId };
    const query = new URLSearchParams(place).toString();
    const streamParam = to.streamParam ? `${to.streamParam}&${query}` : query;
    this.current = this.home.pushStream({ ...to, streamParam });
    return this.tell('TaskStart', { task_start_time: this.home.clock.now() }, fields);
  }

  /** A file of the sources begins; `durationSeconds` is its length. */
  fileStarted(index: number, durationSeconds: number, fields?: CallbackFields) {
    return this.tell('VodSourceFileStart', this.fileMessage(index, durationSeconds), fields);
  }

  /** A file of the sources is through. */
  fileFinished(index: number, durationSeconds: number, fields?: CallbackFields) {
    return this.tell('VodSourceFileFinish', this.fileMessage(index, durationSeconds), fields);
  }

  /** Something is wrong, such as `PullFileUnstable`; see `RELAY_ALARMS`. */
  alarm(type: string, fields?: CallbackFields): SentCallback | null {
    return this.tell('TaskAlarm', { type }, fields);
  }

  /** Stops to push: the stream is interrupted. Not final, {@link start} goes on. */
  exit(
    { code = 0, message = 'task exit' }: { code?: number; message?: string } = {},
    fields?: CallbackFields,
  ): SentCallback | null {
    if (this.current?.isRunning) this.current.interrupt();
    const now = this.home.clock.now();
    return this.tell('TaskExit', { message, code, task_exit_time: now }, fields);
  }

  private fileMessage(index: number, duration: number): object {
    const url = this.options.sourceUrls[index];
    if (url === undefined) {
      const count = this.options.sourceUrls.length;
      throw new EmulatorError(`There is no source ${index}: the task has ${count}, from 0 on.`);
    }
    return { url, index, duration };
  }

  /** Null when the task does not ask for this event. */
  private tell(event: string, message: object, fields: CallbackFields = {}): SentCallback | null {
    const { sourceUrls, callbackUrl, callbackEvents = [] } = this.options;
    if (this.current === null) throw new EmulatorError('The relay task has not been started yet.');
    if (callbackEvents.length > 0 && !callbackEvents.includes(event)) return null;
    const { session } = this.current;
    const facts: RelayFacts = {
      appId: this.home.appId,
      taskId: this.taskId,
      sourceUrls,
      toUrl: `rtmp://${session.domain}/${session.appName}/${session.streamName}`,
      streamName: session.streamName,
    };
    const payload = relayPayload(facts, this.home.clock.now(), event, message);
    return this.home.sendTo(callbackUrl, 'relay', session, { ...payload, ...fields });
  }
}
