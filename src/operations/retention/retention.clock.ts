import { Injectable, Logger } from '@nestjs/common';

import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { dialectOf, NOW_MS } from '../../storage/connection/dialect.js';

/** A clock that was set forward by more than this is worth a warning, ms. */
const STEP_MS = 3_600_000;

/**
 * The time from which age is counted: that of whichever clock is behind. Of the database, of this
 * host, and of this host at the start plus what has passed since. A clock that is set forward by a
 * year must not cost a year of callbacks; one that is behind only makes a purge keep more.
 */
@Injectable()
export class RetentionClock {
  private readonly logger = new Logger('LiveCallback');
  private readonly start: number;

  constructor(
    private readonly database: CallbackDatabase,
    private readonly config: LiveCallbackConfig,
  ) {
    this.start = config.clock() - performance.now();
  }

  /** Unix milliseconds. */
  async now(): Promise<number> {
    const { dataSource } = this.database;
    const [row] = await dataSource.query<{ now: string | number }[]>(
      `SELECT ${NOW_MS[dialectOf(dataSource)]} AS now`,
    );
    const passed = this.start + performance.now();
    const own = this.config.clock();
    if (own - passed > STEP_MS) {
      this.logger.warn(
        `The clock of this host was set forward by ${Math.round((own - passed) / 1000)} s since the application started; until a restart, retention counts from the time before.`,
      );
    }
    return Math.floor(Math.min(Number(row?.now), own, passed));
  }
}
