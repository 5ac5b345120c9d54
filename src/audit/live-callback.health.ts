import { Injectable } from '@nestjs/common';

import { CallbackDatabase } from './callback.database.js';

/** Says whether callbacks can be stored now. */
@Injectable()
export class LiveCallbackHealth {
  constructor(private readonly database: CallbackDatabase) {}

  /**
   * Asks the database for what storing needs: a write transaction on the table of callbacks. Waits
   * like a callback while another connection holds the write lock.
   *
   * @throws the database's error when it cannot
   */
  async check(): Promise<void> {
    await this.database.writer.probe();
  }
}
