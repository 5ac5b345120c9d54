import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackPurger } from './callback.purger.js';

/** A clock that is wrong at boot has usually been set by then, and nodes that start together differ. */
const FIRST_RUN_MS = 60_000;

const INTERVAL_MINUTES = 60;

/**
 * Purges from time to time what the option `retention` says. Without it only counted refusals, which
 * strangers make: nobody has asked to keep them for ever.
 */
@Injectable()
export class RetentionSchedule {
  private readonly logger = new Logger('LiveCallback');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly purger: CallbackPurger,
    private readonly config: LiveCallbackConfig,
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
    if (this.stopping.signal.aborted) return;
    const { intervalMinutes = INTERVAL_MINUTES } = retention ?? {};
    this.timer = setTimeout(() => {
      this.running = this.run().then(() => this.plan(intervalMinutes * 60_000));
    }, milliseconds).unref();
  }

  private async run(): Promise<void> {
    try {
      const { signal } = this.stopping;
      if (this.config.retention) await this.purger.purge({ signal });
      else await this.purger.purgeOldRejections({ signal });
    } catch (error) {
      this.logger.error(`The purge failed, and is tried again later: ${errorText(error)}`);
    }
  }
}
