import { LiveCallbackBullError } from './live-callback-bull.error.js';

/** Options of `LiveCallbackBullModule` that may come from a factory. */
export interface LiveCallbackBullOptions {
  /**
   * How many jobs this process works on at a time, 1 to 1000. It bounds what one worker holds, so that
   * load spreads over the others; how many runs of a listener go on at once is that listener's
   * `concurrency`. Default: 128.
   */
  concurrency?: number;
}

/** What must be known when the module is imported. */
export interface LiveCallbackBullExtras {
  /** Name of the queue: letters, digits and `. _ -`. Nobody else may use it. Default: `live-callback`. */
  queue?: string;
  /** Key of the `BullModule.forRoot` whose connection and prefix are used. Default: the one without. */
  configKey?: string;
}

/** What is read at run time. */
export interface LiveCallbackBullConfig {
  readonly queue: string;
  readonly concurrency: number;
}

/** Default of {@link LiveCallbackBullExtras.queue}. */
const DEFAULT_QUEUE = 'live-callback';
/** Most of its time a job waits for the batch that records its outcome: so many more than runs. */
const DEFAULT_CONCURRENCY = 128;
const MAX_CONCURRENCY = 1_000;

/** @throws LiveCallbackBullError */
export function resolveQueueName({ queue = DEFAULT_QUEUE }: LiveCallbackBullExtras): string {
  if (typeof queue === 'string' && /^[\w.-]+$/.test(queue)) return queue;
  throw new LiveCallbackBullError(
    'queue must be a name of letters, digits and . _ - such as "live-callback".',
  );
}

/** @throws LiveCallbackBullError */
export function resolveBullConfig(
  queue: string,
  options: LiveCallbackBullOptions,
): LiveCallbackBullConfig {
  const { concurrency = DEFAULT_CONCURRENCY, ...rest } = options ?? {};
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) {
    throw new LiveCallbackBullError(
      stranger === 'queue' || stranger === 'configKey'
        ? `${stranger} must be known before a factory runs: move it beside useFactory.`
        : `${stranger} is no option of LiveCallbackBullModule. Options: concurrency, queue, configKey.`,
    );
  }
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new LiveCallbackBullError(
      `concurrency must be an integer from 1 to ${MAX_CONCURRENCY}: how many jobs this process works on at a time.`,
    );
  }
  return Object.freeze({ queue, concurrency });
}
