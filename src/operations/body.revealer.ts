import { Injectable, Logger } from '@nestjs/common';

import { emitSignal } from '../common/signals.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { dialectOf, NOW_MS } from '../storage/connection/dialect.js';
import { LiveCallback } from '../storage/entities/index.js';

/** Records who is shown a body with its secrets: in the row, in the log, and as a signal. */
@Injectable()
export class BodyRevealer {
  private readonly logger = new Logger('LiveCallback');

  constructor(private readonly database: CallbackDatabase) {}

  /** Ends when it is durable. */
  async record(id: string, actor: string): Promise<void> {
    const { dataSource } = this.database;
    await dataSource
      .createQueryBuilder()
      .update(LiveCallback)
      .set({
        revealedAt: () => NOW_MS[dialectOf(dataSource)],
        revealActor: actor,
        revealsCount: () => 'revealsCount + 1',
      })
      .where({ id })
      .execute();
    this.logger.warn(`The body of callback ${id} was revealed to ${actor}`);
    emitSignal('revealed', () => ({ id, actor }));
  }
}
