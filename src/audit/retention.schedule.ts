import { Inject, Injectable, Logger } from '@nestjs/common';

import { errorText } from '../bus/index.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import { CallbackPurger } from './callback.purger.js';

/** A clock that is wrong at boot has usually been set by then, and nodes that start together differ. */
const FIRST_RUN_MS = 60_000;

/** Purges from time to time, where the option `retention` says so. */
@Injectable()
export class RetentionSchedule {
  private readonly logger = new Logger('LiveCallback');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly purger: CallbackPurger,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
  ) {}

  start(): void {
    this.plan(FIRST_RUN_MS * (1 + Math.random()));
  }

  /** Resolves when the batch in progress is done. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private plan(milliseconds: number): void {
    const { retention } = this.config;
    if (!retention || this.stopping.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.running = this.run().then(() => this.plan(retention.intervalMinutes * 60_000));
    }, milliseconds).unref();
  }

  private async run(): Promise<void> {
    try {
      await this.purger.purge({ signal: this.stopping.signal });
    } catch (error) {
      this.logger.error(`The purge failed, and is tried again later: ${errorText(error)}`);
    }
  }
}
