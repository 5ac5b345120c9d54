import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { lockRows } from '../storage/connection/row-locks.js';
import { LiveSessionLock } from '../storage/entities/index.js';

/** What whoever holds the lock goes by. */
export interface LockedTime {
  /** The time of the database, Unix milliseconds. */
  readonly now: number;
  /** Receipt time of the latest event of a session, Unix milliseconds. */
  readonly lastEventAt: number;
}

/**
 * Lets one at a time change the sessions of a registration, whichever process it is in. A change is one
 * statement or ten for a few hundred callbacks, and without it two that concern one stream could each miss
 * what the other adds.
 */
@Injectable()
export class SessionLock {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Held until the end of the transaction. */
  async take(manager: EntityManager): Promise<LockedTime> {
    const found = await this.find(manager);
    if (found) return found;
    await manager
      .createQueryBuilder()
      .insert()
      .into(LiveSessionLock)
      .values({ registration: this.config.name, lastEventAt: new Date(0) })
      .orIgnore()
      .updateEntity(false)
      .execute();
    return (await this.find(manager))!;
  }

  /** @param lastEventAt receipt time of the latest event that the transaction writes */
  async moveOn(manager: EntityManager, lastEventAt: number): Promise<void> {
    await manager
      .createQueryBuilder()
      .update(LiveSessionLock)
      .set({ lastEventAt: new Date(lastEventAt) })
      .where({ registration: this.config.name })
      .execute();
  }

  private async find(manager: EntityManager): Promise<LockedTime | undefined> {
    const query = manager
      .createQueryBuilder(LiveSessionLock, 'l')
      .select('l.lastEventAt', 'last')
      .addSelect(this.database.now, 'now')
      .where({ registration: this.config.name });
    const row = await lockRows(query, 'wait').getRawOne<Record<'last' | 'now', string | number>>();
    return row && { now: Number(row.now), lastEventAt: Number(row.last) };
  }
}
