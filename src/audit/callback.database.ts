import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import { dialectOf } from './dialect.js';
import { LiveCallback, LIVE_CALLBACK_ENTITIES } from './entities/index.js';
import { runMigrationsLocked } from './migrations/migration.runner.js';
import { boundStatements, createModuleDataSource, driverHandle } from './module-data-source.js';
import { StorageSetupError } from './storage.error.js';
import { tableName } from './table-name.js';
import type { CallbackWriter } from './writers/callback.writer.js';
import { createCallbackWriter } from './writers/create-callback-writer.js';

/** The module's connection to the host's database: opened at start, closed last. */
export class CallbackDatabase {
  private readonly logger = new Logger('LiveCallback');
  private opened: { dataSource: DataSource; writer: CallbackWriter } | undefined;

  constructor(
    private readonly host: DataSource,
    private readonly runMigrations: boolean,
  ) {}

  /** @throws StorageSetupError when callbacks cannot be stored there */
  async open(): Promise<void> {
    this.checkEntities();
    const dataSource = createModuleDataSource(this.host);
    try {
      await dataSource.initialize();
      if (dialectOf(dataSource) === 'mysql') boundStatements(driverHandle.mysql(dataSource));
      await this.checkDurability(dataSource);
      if (this.runMigrations) await runMigrationsLocked(dataSource);
      await dataSource.query(
        `SELECT count(*) FROM ${tableName(dataSource, LiveCallback)} WHERE id IS NULL`,
      );
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      if (error instanceof StorageSetupError) throw error;
      const cause = error instanceof Error ? error.message : String(error);
      const fix = this.runMigrations
        ? 'Check that the database answers and that its user may create tables.'
        : 'Run LIVE_CALLBACK_MIGRATIONS first, or leave out runMigrations: false.';
      throw new StorageSetupError(
        `The tables of nestjs-live-callback are not usable: ${cause}. ${fix}`,
        { cause: error },
      );
    }
    this.opened = { dataSource, writer: createCallbackWriter(dataSource) };
  }

  async close(): Promise<void> {
    const opened = this.opened;
    this.opened = undefined;
    await opened?.dataSource.destroy();
  }

  get isOpen(): boolean {
    return this.opened !== undefined;
  }

  get dataSource(): DataSource {
    return this.use().dataSource;
  }

  get writer(): CallbackWriter {
    return this.use().writer;
  }

  private use() {
    if (!this.opened) throw new Error('The callback database is not open');
    return this.opened;
  }

  /** Otherwise `@InjectRepository(LiveCallback)` would fail in the host, far from the reason. */
  private checkEntities(): void {
    const missing = LIVE_CALLBACK_ENTITIES.filter((entity) => !this.host.hasMetadata(entity));
    if (missing.length === 0) return;
    throw new StorageSetupError(
      `The DataSource does not know ${missing.map(({ name }) => name).join(', ')}. Add LIVE_CALLBACK_ENTITIES to its entities, or set autoLoadEntities: true.`,
    );
  }

  /** An acknowledged callback must survive a power loss, so the commit has to reach the disk. */
  private async checkDurability(dataSource: DataSource): Promise<void> {
    const dialect = dialectOf(dataSource);
    if (dialect === 'postgres') {
      const [row] = await dataSource.query<{ fsync: string }[]>('SHOW fsync');
      if (row?.fsync === 'off') this.warnOfLoss('fsync is off');
      // Older pg-pools know no onConnect, which sets it.
      const [commit] =
        await dataSource.query<{ synchronous_commit: string }[]>('SHOW synchronous_commit');
      if (commit?.synchronous_commit === 'off') this.warnOfLoss('synchronous_commit is off');
    }
    if (dialect === 'mysql') {
      const [row] = await dataSource.query<{ mode: number }[]>(
        'SELECT @@innodb_flush_log_at_trx_commit AS mode',
      );
      if (Number(row?.mode) !== 1) {
        this.warnOfLoss(`innodb_flush_log_at_trx_commit is ${String(row?.mode)}, not 1`);
      }
    }
  }

  private warnOfLoss(setting: string): void {
    this.logger.warn(
      `${setting} in the database: a power loss can take callbacks that were acknowledged.`,
    );
  }
}
