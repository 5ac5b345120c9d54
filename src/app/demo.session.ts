import {
  CssEmulator,
  fixedTarget,
  RETRY_PROFILES,
  VirtualClock,
  type CallbackAttempt,
  type PushedStream,
  type StreamHistory,
} from '../emulator/index.js';
import { streamInterruptCallback } from '../testing/index.js';

/** One act of the session. */
export interface DemoStep {
  /** What happens, for whoever watches. */
  readonly says: string;
  play(): Promise<void>;
}

/** Where the session's callbacks go, and who is told of them. */
export interface DemoTarget {
  readonly key: string;
  /** Base URL of the callback routes. */
  readonly baseUrl: string;
  readonly onAttempt: (attempt: CallbackAttempt) => void;
}

/** The stream of the session. */
export const DEMO_STREAM = { domain: 'push.demo.example', appName: 'live', streamName: 'demo' };

/** How long it lasts by its clock, ms. */
const LENGTH_MS = 90_000;
/** What is refused is not sent again: nobody watches for twelve minutes. */
const ONCE = { ...RETRY_PROFILES.current, byKind: {}, otherwise: { retries: 0, intervalMs: 0 } };

/** A live session of a minute and a half, with a redelivery and two attacks, beside a push that nobody hears of. */
export class DemoSession {
  /** It ends now, so nothing in it is yet to come. */
  private readonly clock = new VirtualClock({ startAt: Date.now() - LENGTH_MS });
  private readonly emulator: CssEmulator;
  private readonly stream: PushedStream;

  constructor({ key, baseUrl, onAttempt }: DemoTarget) {
    this.emulator = new CssEmulator({
      directory: fixedTarget({ key, baseUrl }),
      clock: this.clock,
      profile: ONCE,
      onAttempt,
    });
    // Nothing is sent before the clock is advanced.
    this.stream = this.emulator.pushStream({
      ...DEMO_STREAM,
      screenshots: { intervalMs: 60_000, hitEvery: 1 },
      record: true,
    });
  }

  readonly steps: readonly DemoStep[] = [
    { says: 'A stream is pushed', play: () => this.clock.advance(0) },
    { says: 'Another is pushed and ends, and both callbacks are lost', play: () => this.lose() },
    { says: 'A picture is taken, and moderated', play: () => this.clock.advance(35_000) },
    { says: 'CSS repeats the push', play: () => this.repeatPush() },
    { says: 'Somebody forges an interruption', play: () => this.forge() },
    {
      says: 'Somebody replays an old request',
      play: () => {
        this.emulator.inject('stale-sign', { kind: 'stream-push' });
        return this.repeatPush();
      },
    },
    {
      says: 'The push is interrupted',
      play: () => {
        this.stream.interrupt();
        return this.clock.advance(0);
      },
    },
    { says: 'The recording is ready', play: () => this.clock.advance(10_000) },
  ];

  /** What has happened in it. */
  get history(): StreamHistory {
    return this.emulator;
  }

  close(): Promise<void> {
    return this.emulator.close();
  }

  private async lose(): Promise<void> {
    for (const kind of ['stream-push', 'stream-interrupt'] as const) {
      this.emulator.inject('lost-request', { kind });
    }
    const missed = this.emulator.pushStream({ ...DEMO_STREAM, streamName: 'missed' });
    await this.clock.advance(10_000);
    missed.interrupt();
    // CSS waits for an answer.
    await this.clock.advance(20_000);
  }

  private repeatPush(): Promise<void> {
    this.stream.say('stream-push', this.stream.pushed.fields);
    return this.clock.advance(1_000);
  }

  private forge(): Promise<void> {
    const { domain: app, appName: appname, streamName } = DEMO_STREAM;
    const place = { app, appname, stream_id: streamName, channel_id: streamName };
    const { sequence } = this.stream;
    this.emulator.inject('wrong-sign', { kind: 'stream-interrupt' });
    this.stream.say('stream-interrupt', streamInterruptCallback({ ...place, sequence }));
    return this.clock.advance(1_000);
  }
}
