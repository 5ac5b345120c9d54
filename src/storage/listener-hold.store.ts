import { Injectable } from '@nestjs/common';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from './connection/callback.database.js';
import { LiveListener } from './entities/index.js';

/** Why a listener is paused or resumed, and who says so. */
export interface HoldReason {
  readonly reason: string;
  readonly actor: string;
}

/** A listener that gets nothing for now. */
export interface HeldListener {
  readonly row: LiveListener;
  /** Whether an attempt may be made now to see whether it works again. */
  readonly isProbeDue: boolean;
}

/** A change of a row; what is a function is an expression. */
type Change = Parameters<ReturnType<SelectQueryBuilder<LiveListener>['update']>['set']>[0];

/** Keeps which listeners of the registration are held up, for all nodes: the table `live_listener`. */
@Injectable()
export class ListenerHoldStore {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Those that are paused, or whose circuit breaker is open. */
  async held(): Promise<HeldListener[]> {
    const { database } = this;
    const { entities, raw } = await database.manager
      .getRepository(LiveListener)
      .createQueryBuilder('l')
      .addSelect(`CASE WHEN l.probeAt <= ${database.now} THEN 1 ELSE 0 END`, 'is_due')
      .where('l.registration = :registration', { registration: this.config.name })
      .andWhere('(l.pausedAt IS NOT NULL OR l.openedAt IS NOT NULL)')
      .getRawAndEntities<ObjectLiteral>();
    return entities.map((row, at) => ({
      row,
      isProbeDue: row.pausedAt === null && Number(raw[at]?.['is_due']) === 1,
    }));
  }

  /** All that were ever held up. */
  all(): Promise<LiveListener[]> {
    return this.database.read((tables) =>
      tables.getRepository(LiveListener).findBy({ registration: this.config.name }),
    );
  }

  /** Its row; null when it was never held up. */
  find(listener: string): Promise<LiveListener | null> {
    const { name: registration } = this.config;
    return this.database.manager.getRepository(LiveListener).findOneBy({ registration, listener });
  }

  /** One that is paused already stays so since then, for the new reason. */
  async pause(listener: string, { reason, actor }: HoldReason): Promise<void> {
    await this.insert(listener);
    await this.update(listener, {
      pausedAt: () => `coalesce(pausedAt, ${this.database.now})`,
      ...this.changed(reason, actor),
    });
  }

  /** Closes its circuit breaker too: whoever resumes it wants to see it run. */
  async resume(listener: string, { reason, actor }: HoldReason): Promise<void> {
    const closed = { pausedAt: null, openedAt: null, openError: null, probeAt: null };
    await this.update(listener, { ...closed, ...this.changed(reason, actor) });
  }

  /** @param afterMs after how long the next attempt may be made */
  async open(listener: string, error: string, afterMs: number): Promise<void> {
    const { now } = this.database;
    await this.insert(listener);
    await this.update(listener, {
      openedAt: () => `coalesce(openedAt, ${now})`,
      openError: error,
      probeAt: () => `${now} + ${afterMs}`,
    });
  }

  async close(listener: string): Promise<void> {
    await this.update(listener, { openedAt: null, openError: null, probeAt: null });
  }

  /**
   * Makes the attempt this process's to make.
   *
   * @param afterMs after how long another may be made, should nobody hear of this one again
   * @returns false when another process makes it
   */
  async takeProbe(listener: string, afterMs: number): Promise<boolean> {
    const { now } = this.database;
    const { affected } = await this.change(listener, { probeAt: () => `${now} + ${afterMs}` })
      .andWhere(`probeAt <= ${now}`)
      .execute();
    return affected === 1;
  }

  /** There was nothing to try it on. */
  async giveBackProbe(listener: string): Promise<void> {
    await this.change(listener, { probeAt: () => this.database.now })
      .andWhere('probeAt IS NOT NULL')
      .execute();
  }

  private changed(changeReason: string, changeActor: string) {
    return { changedAt: () => this.database.now, changeReason, changeActor };
  }

  private async insert(listener: string): Promise<void> {
    await this.database.manager
      .createQueryBuilder()
      .insert()
      .into(LiveListener)
      .values({ registration: this.config.name, listener })
      .orIgnore()
      .updateEntity(false)
      .execute();
  }

  private async update(listener: string, change: Change): Promise<void> {
    await this.change(listener, change).execute();
  }

  private change(listener: string, change: Change) {
    return this.database.manager
      .createQueryBuilder()
      .update(LiveListener)
      .set(change)
      .where({ registration: this.config.name, listener });
  }
}
