import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import type { AlertName } from '../../common/signals.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveAlert } from '../../storage/entities/index.js';
import type { Trouble } from './alert.conditions.js';

/** Keeps which trouble was told of, and lets one process tell of each: the table `live_alert`. */
@Injectable()
export class AlertBook {
  private readonly teller = randomUUID();

  constructor(
    private readonly database: CallbackDatabase,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** What was told of and lasts. */
  async known(): Promise<Trouble[]> {
    const { name: registration } = this.config;
    const rows = await this.database.manager.getRepository(LiveAlert).findBy({ registration });
    return rows.map(({ alert, listener }) => ({
      alert: alert as AlertName,
      listener: listener || null,
      detail: '',
    }));
  }

  /** @returns whether it is this process that tells of it */
  async begin(trouble: Trouble): Promise<boolean> {
    const key = this.keyOf(trouble);
    const { manager, now } = this.database;
    await manager
      .createQueryBuilder()
      .insert()
      .into(LiveAlert)
      .values({ ...key, beganAt: () => now, teller: this.teller })
      .orIgnore()
      .updateEntity(false)
      .execute();
    return manager.getRepository(LiveAlert).existsBy({ ...key, teller: this.teller });
  }

  /** @returns whether it is this process that tells of it */
  async end(trouble: Trouble): Promise<boolean> {
    const { affected } = await this.database.manager.delete(LiveAlert, this.keyOf(trouble));
    return affected === 1;
  }

  private keyOf({ alert, listener }: Trouble) {
    return { registration: this.config.name, alert, listener: listener ?? '' };
  }
}
