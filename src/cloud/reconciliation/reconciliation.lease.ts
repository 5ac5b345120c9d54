import { IsNull } from 'typeorm';

import { columnNames } from '../../storage/connection/column-names.js';
import type { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveReconciliation, type ReconciliationFailure } from '../../storage/entities/index.js';

/** How far a reconciliation has got, Unix milliseconds. */
export interface Progress {
  readonly watermarkAt: number | null;
  readonly deepAt: number | null;
  /** Since when nobody compared, as long as that is not made up for; null otherwise. */
  readonly gapFrom: number | null;
}

/** Longer than one question and its answer take. A cycle that takes longer renews it in between. */
const LEASE_MS = 180_000;

/** Lets one process at a time compare a registration, and keeps how far that has got. */
export class ReconciliationLease {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly registration: string,
    private readonly owner: string,
    private readonly now: () => number,
  ) {}

  /** Takes or renews the lease. @returns how far the work has got; null while another process does it */
  async take(): Promise<Progress | null> {
    const until = `${this.database.now} + ${LEASE_MS}`;
    const manager = this.database.manager;
    await manager
      .createQueryBuilder()
      .insert()
      .into(LiveReconciliation)
      .values({
        registration: this.registration,
        owner: this.owner,
        leaseUntil: new Date(0),
        caughtUpAt: new Date(this.now()),
      })
      .orIgnore()
      .updateEntity(false)
      .execute();
    await this.noteGap();
    await manager
      .createQueryBuilder()
      .update(LiveReconciliation)
      .set({ owner: this.owner, leaseUntil: () => until, aliveAt: new Date(this.now()) })
      .where('registration = :registration', { registration: this.registration })
      .andWhere(`(owner = :owner OR leaseUntil < ${this.database.now})`, { owner: this.owner })
      .execute();
    const row = await manager
      .getRepository(LiveReconciliation)
      .findOneBy({ registration: this.registration });
    if (row?.owner !== this.owner) return null;
    const { watermarkAt, deepAt, gapFrom } = row;
    return {
      watermarkAt: asTime(watermarkAt),
      deepAt: asTime(deepAt),
      gapFrom: asTime(gapFrom),
    };
  }

  /** Lets every process know how the latest cycle went. */
  async stand(isCaughtUp: boolean, failure: ReconciliationFailure | null): Promise<void> {
    const { registration, owner } = this;
    const caughtUp = isCaughtUp ? { caughtUpAt: new Date(this.now()) } : {};
    await this.database.manager.update(
      LiveReconciliation,
      { registration, owner },
      { failure, ...caughtUp },
    );
  }

  /** What was lost in it has been looked for. */
  async closeGap(): Promise<void> {
    const { registration, owner } = this;
    await this.database.manager.update(
      LiveReconciliation,
      { registration, owner },
      { gapFrom: null },
    );
  }

  /** A leader that is alive says so each minute: when nobody has for longer, the application stood still. */
  private async noteGap(): Promise<void> {
    const { manager } = this.database;
    const aliveAt = columnNames(manager.connection)('alive_at');
    await manager
      .createQueryBuilder()
      .update(LiveReconciliation)
      .set({ gapFrom: () => aliveAt })
      .where({ registration: this.registration, gapFrom: IsNull() })
      // A number: TypeORM 0.3 compares with what it was given, and not with what the column makes of it.
      .andWhere('aliveAt < :since', { since: this.now() - LEASE_MS })
      .execute();
  }

  /** Keeps how far the work has got, if it is still ours, and nobody has set it back meanwhile. */
  async keep({ watermarkAt, deepAt }: Omit<Progress, 'gapFrom'>, before: Progress): Promise<void> {
    const was = asDate(before.watermarkAt);
    await this.database.manager.update(
      LiveReconciliation,
      { registration: this.registration, owner: this.owner, watermarkAt: was ?? IsNull() },
      { watermarkAt: asDate(watermarkAt), deepAt: asDate(deepAt) },
    );
  }

  /** Lets another process begin at once. */
  async release(): Promise<void> {
    await this.database.manager.update(
      LiveReconciliation,
      { registration: this.registration, owner: this.owner },
      { leaseUntil: new Date(0) },
    );
  }
}

function asTime(date: Date | null): number | null {
  return date?.getTime() ?? null;
}

function asDate(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}

/**
 * Lets whoever compares a registration do so once more from a time on.
 *
 * @returns whether anybody has ever compared it
 */
export async function lookBackTo(
  database: CallbackDatabase,
  registration: string,
  from: Date,
): Promise<boolean> {
  const progress = database.manager.getRepository(LiveReconciliation);
  await progress
    .createQueryBuilder()
    .update()
    .set({ watermarkAt: from })
    .where({ registration })
    .andWhere('watermarkAt > :from', { from: from.getTime() })
    .execute();
  return progress.existsBy({ registration });
}
