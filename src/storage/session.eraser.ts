import { In } from 'typeorm';

import type { CallbackDatabase } from './connection/callback.database.js';
import { lockRows } from './connection/row-locks.js';
import { LivePush, LiveSession, LiveSessionLock } from './entities/index.js';

/** Sessions that one transaction erases. */
const CHUNK = 200;

/** Erases who was live under a name, whoever works out sessions meanwhile. */
export class SessionEraser {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly registration: string,
  ) {}

  /** How many sessions streams of a name have. */
  count(streamName: string): Promise<number> {
    return this.sessions().countBy({ registration: this.registration, streamName });
  }

  /**
   * Deletes the sessions of streams of a name, with their pushes.
   *
   * @param signal ends it after the transaction in progress
   * @returns how many
   */
  async erase(streamName: string, signal?: AbortSignal): Promise<number> {
    let count = 0;
    let found: string[];
    do {
      if (signal?.aborted) break;
      const rows = await this.sessions().find({
        select: { id: true },
        where: { registration: this.registration, streamName },
        take: CHUNK,
      });
      found = rows.map(({ id }) => id);
      if (found.length > 0) await this.delete(found);
      count += found.length;
    } while (found.length === CHUNK);
    return count;
  }

  private sessions() {
    return this.database.manager.getRepository(LiveSession);
  }

  /** Under the lock of those who change sessions, who would otherwise go on with what is gone. */
  private delete(ids: string[]): Promise<void> {
    return this.database.transaction(async (manager) => {
      const lock = manager
        .createQueryBuilder(LiveSessionLock, 'l')
        .where({ registration: this.registration });
      await lockRows(lock, 'wait').getOne();
      await manager.delete(LivePush, { sessionId: In(ids) });
      await manager.delete(LiveSession, { id: In(ids) });
    });
  }
}
