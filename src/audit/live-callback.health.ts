import { Injectable } from '@nestjs/common';

import { CallbackDatabase } from './callback.database.js';
import { LiveCallback } from './entities/index.js';
import { tableName } from './table-name.js';

/** Says whether callbacks can be stored now. */
@Injectable()
export class LiveCallbackHealth {
  constructor(private readonly database: CallbackDatabase) {}

  /**
   * Asks the database for what storing needs: a write transaction on the table of callbacks.
   *
   * @throws the database's error when it cannot
   */
  async check(): Promise<void> {
    const { dataSource } = this.database;
    const callbacks = tableName(dataSource, LiveCallback);
    await dataSource.query(`UPDATE ${callbacks} SET kind = kind WHERE id IS NULL`);
  }
}
