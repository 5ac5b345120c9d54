import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  VirtualClock,
  type ApiFault,
  type CloudApiServer,
  type CssEmulator,
  type FaultName,
  type PushedStream,
  type PushStreamOptions,
  type RecordFormat,
  type Recording,
  type ServiceKind,
} from '../../emulator/index.js';
import { UsageError } from '../cli.error.js';
import { StepOptions } from './step.options.js';
import type { Step } from './step.parser.js';

/** What steps work on. */
export interface EmulatedWorld {
  readonly emulator: CssEmulator;
  readonly api: CloudApiServer;
  readonly signal: AbortSignal;
}

type Run = (options: StepOptions) => string[] | Promise<string[]>;

interface Verb {
  readonly usage: string;
  readonly help: string;
  readonly run: Run;
}

const DEFAULT_DOMAIN = 'push.example.com';
/** Steps of a virtual clock while it waits for the end of all retries, ms. */
const STRIDE_MS = 10_000;
/** Longer than the retries of any profile, ms. */
const LONGEST_RETRIES_MS = 24 * 3_600_000;

/** Carries out steps, and says what came of them. */
export class StepRunner {
  /** The latest push of each stream name. */
  private readonly streams = new Map<string, PushedStream>();
  private readonly recordings = new Map<string, Recording>();

  constructor(private readonly world: EmulatedWorld) {}

  /** @throws UsageError, EmulatorError for a step that cannot be */
  async run(step: Step): Promise<string[]> {
    const verb = Object.hasOwn(this.verbs, step.verb) ? this.verbs[step.verb] : undefined;
    if (!verb) {
      const known = Object.keys(this.verbs).join(', ');
      throw new UsageError(`There is no step "${step.verb}". Steps: ${known}.`);
    }
    return verb.run(new StepOptions(step));
  }

  private readonly verbs: Readonly<Record<string, Verb>> = {
    push: {
      usage: 'push STREAM [domain=… app=live screenshots=10s|true hits=N record=true|mp4 slice=1m]',
      help: 'start a stream; pictures, every Nth of them suspicious, and a recording if wanted',
      run: (options) => this.push(options),
    },
    interrupt: {
      usage: 'interrupt STREAM [errcode=N]',
      help: 'end it',
      run: (options) => {
        const stream = this.running(options);
        const errcode = options.number('errcode');
        stream.interrupt(errcode === undefined ? {} : { errcode }, options.rest());
        return [`${nameOf(stream)} is interrupted`];
      },
    },
    screenshot: {
      usage: 'screenshot STREAM [field=value …]',
      help: 'take a picture',
      run: (options) => said(this.stream(options).screenshot(options.rest()).kind),
    },
    'image-audit': {
      usage: 'image-audit STREAM [field=value …]',
      help: 'moderation finds the last picture suspicious',
      run: (options) => said(this.stream(options).imageAudit(options.rest()).kind),
    },
    'push-error': {
      usage: 'push-error STREAM [field=value …]',
      help: 'the push misbehaves',
      run: (options) => said(this.stream(options).pushError(undefined, options.rest()).kind),
    },
    'record-exception': {
      usage: 'record-exception STREAM [type=-9]',
      help: 'its recording misbehaves',
      run: (options) => this.recordException(options),
    },
    report: {
      usage: 'report STREAM kind=audio-audit|subtitles|summary|… [field=value …]',
      help: 'a service of CSS finds something out',
      run: (options) => {
        const stream = this.stream(options);
        const kind = options.required('kind') as ServiceKind;
        return said(stream.report(kind, options.rest()).kind);
      },
    },
    fault: {
      usage: 'fault NAME [kind=… stream=… times=1 attempts=1 hold=1m]',
      help: 'let something go wrong with the next callbacks: duplicate, lost-answer, wrong-sign, …',
      run: (options) => this.fault(options),
    },
    'api-fault': {
      usage: 'api-fault ACTION effect={"error":"…"} [when=before|after count=1]',
      help: 'let something go wrong with the next calls of the API; * for any',
      run: (options) => this.apiFault(options),
    },
    wait: {
      usage: 'wait DURATION | wait idle',
      help: 'let time pass; until nothing is under way or waits for a retry',
      run: (options) => this.wait(options),
    },
    status: {
      usage: 'status',
      help: 'what runs, and what has been sent',
      run: (options) => this.status(options),
    },
    calls: {
      usage: 'calls',
      help: 'the latest calls of the API',
      run: (options) => {
        options.end();
        return this.world.api.requests
          .slice(-20)
          .map(({ at, action, outcome }) => `${timeOf(at)} ${action}: ${outcome}`);
      },
    },
    help: {
      usage: 'help',
      help: 'this list',
      run: () => Object.values(this.verbs).map(({ usage, help }) => `${usage}\n    ${help}`),
    },
  };

  private async push(options: StepOptions): Promise<string[]> {
    const { emulator } = this.world;
    const streamName = options.required('stream');
    const pictures = options.any('screenshots');
    const hitEvery = options.number('hits');
    const record = options.any('record');
    const sliceMs = options.duration('slice');
    const appName = options.text('app');
    const push: PushStreamOptions = {
      domain: options.text('domain') ?? DEFAULT_DOMAIN,
      ...(appName !== undefined && { appName }),
      streamName,
      ...(pictures !== undefined &&
        pictures !== false && {
          screenshots: {
            ...(hitEvery !== undefined && { hitEvery }),
            ...(pictures !== true && { intervalMs: intervalOf(pictures) }),
          },
        }),
      ...(record !== undefined &&
        record !== false && {
          record: {
            ...(record !== true && { format: record as RecordFormat }),
            ...(sliceMs !== undefined && { sliceMs }),
          },
        }),
    };
    options.end();
    const stream = emulator.pushStream(push);
    this.streams.set(streamName, stream);
    const pushed = `${nameOf(stream)} is pushed, sequence ${stream.sequence}`;
    // Settled already, where there is no URL to send to.
    if ((await Promise.race([stream.pushed.outcome, Promise.resolve(null)])) !== 'unbound')
      return [pushed];
    return [
      pushed,
      'Its callbacks go nowhere: no template with a URL for stream-push is bound to this domain and AppName. Apply one, or start with --url.',
    ];
  }

  private recordException(options: StepOptions): string[] {
    const stream = this.running(options);
    const recording = this.recordings.get(stream.sequence) ?? stream.record();
    this.recordings.set(stream.sequence, recording);
    return said(recording.exception(options.number('type'), options.rest()).kind);
  }

  private fault(options: StepOptions): string[] {
    const name = options.required('name') as FaultName;
    const given = {
      kind: options.text('kind'),
      streamName: options.text('stream'),
      times: options.number('times'),
      attempts: options.number('attempts'),
      after: options.text('after'),
      holdMs: options.duration('hold'),
    };
    options.end();
    const set = Object.entries(given).filter(([, value]) => value !== undefined);
    this.world.emulator.inject(name, Object.fromEntries(set));
    return [`${name} strikes the next callback that fits`];
  }

  private apiFault(options: StepOptions): string[] {
    const action = options.required('action');
    const effect = options.any('effect') as ApiFault['effect'];
    const when = options.text('when') as ApiFault['when'];
    const count = options.number('count');
    options.end();
    this.world.api.fail({
      action,
      effect,
      ...(when !== undefined && { when }),
      ...(count !== undefined && { count }),
    });
    return [`the next call of ${action} goes wrong`];
  }

  private async wait(options: StepOptions): Promise<string[]> {
    const { emulator, signal } = this.world;
    const { clock } = emulator;
    if (options.text('for') === 'idle') {
      options.end();
      await this.untilIdle();
      return ['nothing is under way'];
    }
    const ms = options.duration('for') ?? 0;
    options.end();
    if (clock instanceof VirtualClock) await clock.advance(ms);
    else await sleep(ms, undefined, { signal });
    return [`it is ${timeOf(clock.now())}`];
  }

  private async untilIdle(): Promise<void> {
    const { emulator, signal } = this.world;
    const { clock } = emulator;
    const idle = new AbortController();
    void emulator.idle().then(() => idle.abort());
    const over = AbortSignal.any([idle.signal, signal]);
    if (!(clock instanceof VirtualClock)) {
      if (!over.aborted) await once(over, 'abort');
      return;
    }
    const end = clock.now() + LONGEST_RETRIES_MS;
    await clock.advance(0);
    while (!over.aborted && clock.now() < end) await clock.advance(STRIDE_MS);
  }

  private status(options: StepOptions): string[] {
    options.end();
    const { emulator, api } = this.world;
    const attempts = emulator.attempts();
    const callbacks = new Map(attempts.map((attempt) => [attempt.callbackId, attempt]));
    const latest = [...callbacks.values()];
    const count = (fits: (attempt: (typeof latest)[number]) => boolean) =>
      latest.filter(fits).length;
    return [
      `time ${timeOf(emulator.clock.now())}`,
      ...emulator.streams().map((stream) => `${nameOf(stream)} runs, sequence ${stream.sequence}`),
      `${api.templates.templates.length} templates, ${api.templates.rules.length} rules`,
      `callbacks: ${count((one) => one.isAcknowledged)} acknowledged, ${count((one) => one.nextAttemptAt !== null)} to be retried, ${count((one) => !one.isAcknowledged && one.nextAttemptAt === null)} given up; ${attempts.length} attempts`,
    ];
  }

  private stream(options: StepOptions): PushedStream {
    const name = options.required('stream');
    const stream = this.streams.get(name);
    if (stream) return stream;
    throw new UsageError(`No stream "${name}" has been pushed.`);
  }

  private running(options: StepOptions): PushedStream {
    const stream = this.stream(options);
    if (stream.isRunning) return stream;
    throw new UsageError(`The push of ${stream.session.streamName} has ended.`);
  }
}

function intervalOf(value: unknown): number {
  const options = new StepOptions({ verb: 'push', options: { screenshots: value } });
  return options.duration('screenshots') ?? 0;
}

function said(kind: string): string[] {
  return [`${kind} is under way`];
}

function nameOf({ session }: PushedStream): string {
  return `${session.domain}/${session.appName}/${session.streamName}`;
}

/** A time of day; a session lasts hours, not days. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
