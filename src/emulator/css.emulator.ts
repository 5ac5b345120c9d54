import { randomUUID } from 'node:crypto';

import { EventCatalog } from '../events/event-catalog.js';
import { eventTypeOf } from '../events/event-type.js';
import type { JsonValue } from '../events/payload/payload.js';
import type { CallbackFields } from '../testing/callback-fields.js';
import { BoundedList } from './bounded.list.js';
import { CallbackSender } from './callback.sender.js';
import type { CssEmulatorOptions } from './css-emulator.options.js';
import { SystemClock, type EmulatorClock } from './emulator.clock.js';
import { EmulatorError } from './emulator.error.js';
import { FaultBook, type FaultName, type FaultOptions } from './faults/fault.book.js';
import { RandomNetwork } from './faults/random.network.js';
import { positive } from './option.checks.js';
import type { SentCallback } from './outgoing.callback.js';
import { checkedPush, type PushStreamOptions } from './push-stream.options.js';
import { PushedStream, type StreamHome } from './pushed.stream.js';
import { RelayTask, type RelayHome, type RelayOptions } from './relay.task.js';
import { retryProfileOf } from './retry-profile.js';
import { STOPPED_OR_REPLACED, type StreamControl } from './stream.control.js';
import type { CallbackAttempt, EmulatedSession, StreamHistory } from './stream.history.js';
import type { TemplateDirectory } from './template-directory.js';

/**
 * The sending side of CSS: streams that are pushed, run and are interrupted, the callbacks that
 * tell of it, and the rules by which those are repeated until somebody answers 200.
 *
 * Everything is sent by the clock: on a virtual one nothing happens until it is advanced.
 *
 * @example
 * ```ts
 * const directory = fixedTarget({ key, baseUrl: 'http://127.0.0.1:3000/live-callback' });
 * const emulator = new CssEmulator({ directory });
 * const stream = emulator.pushStream({
 *   domain: 'push.example.com',
 *   streamName: 'room',
 *   screenshots: { intervalMs: 10_000 },
 *   record: true,
 * });
 * stream.interrupt({ errcode: 3 });
 * await emulator.idle();
 * ```
 */
export class CssEmulator implements StreamHistory, StreamControl {
  readonly clock: EmulatorClock;
  /** Account APPID. */
  readonly appId: number;
  private readonly directory: TemplateDirectory;
  private readonly catalog = new EventCatalog();
  private readonly faults = new FaultBook();
  private readonly sender: CallbackSender;
  private readonly running = new Set<PushedStream>();
  private readonly ended: BoundedList<EmulatedSession>;
  private readonly attempted: BoundedList<CallbackAttempt>;
  /** What the parts need, and nobody else. */
  private readonly home: StreamHome & RelayHome;

  /** @throws EmulatorError for an option that cannot be used */
  constructor({
    directory,
    clock = new SystemClock(),
    profile = 'current',
    resign = true,
    appId = 1_250_000_000,
    historyLimit = 10_000,
    network = {},
    onAttempt,
  }: CssEmulatorOptions) {
    positive('historyLimit', historyLimit);
    this.directory = directory;
    this.clock = clock;
    this.appId = positive('appId', appId);
    this.ended = new BoundedList(historyLimit);
    this.attempted = new BoundedList(historyLimit);
    const rules = {
      clock,
      resign,
      profile: retryProfileOf(profile),
      onAttempt: (attempt: CallbackAttempt) => {
        this.attempted.push(attempt);
        onAttempt?.(attempt);
      },
    };
    this.sender = new CallbackSender(rules, this.faults, new RandomNetwork(network));
    this.home = {
      clock,
      appId,
      pushStream: (push) => this.pushStream(push),
      send: (kind, session, fields, delayMs) => this.send(kind, session, fields, { delayMs }),
      sendTo: (url, kind, session, fields) => this.send(kind, session, fields, { url }),
      ended: (stream) => {
        this.running.delete(stream);
        this.ended.push(stream.session);
      },
    };
  }

  /**
   * Pushes a stream. One of the same name that still runs is replaced, that is interrupted with
   * `errcode` 21, unless the push is a `backup`.
   *
   * @throws EmulatorError for an option that cannot be used
   */
  pushStream(options: PushStreamOptions): PushedStream {
    const push = checkedPush(options);
    this.running.forEach((stream) => {
      if (push.backup) return;
      const { domain, appName, streamName } = stream.session;
      const isSame = domain === push.domain && appName === push.appName;
      if (isSame && streamName === push.streamName)
        stream.interrupt({ errcode: STOPPED_OR_REPLACED });
    });
    const stream = new PushedStream(this.home, push);
    this.running.add(stream);
    return stream;
  }

  /** Creates a relay (pull and push) task; it does nothing before it is started. */
  createRelay(options: RelayOptions): RelayTask {
    return new RelayTask(this.home, options);
  }

  /**
   * Orders a fault for the next callbacks that fit.
   *
   * @example
   * ```ts
   * emulator.inject('lost-answer', { kind: 'stream-push' });
   * ```
   * @throws EmulatorError for what is no fault, or cannot happen
   */
  inject(fault: FaultName, options?: FaultOptions): void {
    this.faults.add(fault, options);
  }

  /** Streams that run. */
  streams(): readonly PushedStream[] {
    return [...this.running];
  }

  sessions(): readonly EmulatedSession[] {
    return [...this.ended.items(), ...this.streams().map(({ session }) => session)];
  }

  attempts(): readonly CallbackAttempt[] {
    return this.attempted.items();
  }

  /** Resolves when nothing is under way, waits for its retry, or is held back. */
  idle(): Promise<void> {
    return this.sender.idle();
  }

  /** Stops the streams without a word, and everything that is under way. */
  async close(): Promise<void> {
    for (const stream of this.running) stream.abandon();
    this.running.clear();
    await this.sender.close();
  }

  /** A template says where; its key is that of the moment, also for the retries. */
  private send(
    kind: string,
    session: EmulatedSession,
    fields: CallbackFields,
    { url, delayMs }: { url?: string | undefined; delayMs?: number | undefined },
  ): SentCallback {
    const id = randomUUID();
    const { domain, appName, streamName, sequence } = session;
    const target = this.directory.targetOf(domain, appName);
    const address = url ?? target?.urlOf(kind);
    if (address === undefined) return { id, kind, fields, outcome: Promise.resolve('unbound') };
    const definition = this.catalog.ofKind(kind);
    const eventType = eventTypeOf(fields['event_type'] as JsonValue) ?? definition?.eventType;
    if (eventType === undefined) {
      throw new EmulatorError(`CSS has no kind "${kind}": say its number in the field event_type.`);
    }
    const isSigned = definition?.signed ?? true;
    const callback = {
      id,
      kind,
      eventType,
      origin: { domain, appName, streamName, sequence },
      fields,
      url: address,
      key: isSigned && target?.key ? target.key : null,
    };
    return { id, kind, fields, outcome: this.sender.send(callback, delayMs) };
  }
}
