import { Logger, ServiceUnavailableException } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import { errorText } from '../bus/index.js';
import { isConnectionFault } from './connection-fault.js';
import { dialectOf } from './dialect.js';
import { LiveCallback, LIVE_CALLBACK_ENTITIES } from './entities/index.js';
import { runMigrationsLocked } from './migrations/migration.runner.js';
import { driverHandle } from './drivers/driver-handle.js';
import { prepareMysqlPool } from './drivers/mysql.pool.js';
import { createModuleDataSource } from './module-data-source.js';
import { StorageSetupError } from './storage.error.js';
import { tableName } from './table-name.js';
import type { CallbackWriter } from './writers/callback.writer.js';
import { createCallbackWriter } from './writers/create-callback-writer.js';

/** How often a database that was away at start is tried again, ms. */
const RETRY_MS = 1_000;
/** How often the log says that it still is, ms. */
const REMIND_MS = 60_000;

/** What the module does for the host's DataSource. */
export interface CallbackDatabaseOptions {
  readonly runMigrations: boolean;
  /** The module made the DataSource itself, so it initialises it when it could not be at start. */
  readonly isOwn: boolean;
}

/**
 * The module's connection to the host's database: opened at start, or as soon as the database
 * answers, and closed last.
 */
export class CallbackDatabase {
  /** Resolves when callbacks can be stored for the first time. */
  readonly whenOpen: Promise<void>;
  private readonly logger = new Logger('LiveCallback');
  private opened: { dataSource: DataSource; writer: CallbackWriter } | undefined;
  private resolveOpen!: () => void;
  private opening: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;
  private remindedAt = -Infinity;

  constructor(
    private readonly host: DataSource,
    private readonly options: CallbackDatabaseOptions,
  ) {
    this.whenOpen = new Promise((resolve) => (this.resolveOpen = resolve));
  }

  /**
   * Opens the connection. A database that is away is tried again until it answers; until then
   * callbacks are answered with 503.
   *
   * @throws StorageSetupError when callbacks cannot be stored there, and waiting would not help
   */
  async open(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      if (error instanceof StorageSetupError || !isConnectionFault(error))
        throw this.asSetup(error);
      this.openLater(error);
    }
  }

  private openLater(reason: unknown): void {
    if (this.isClosed) return;
    if (performance.now() - this.remindedAt >= REMIND_MS) {
      this.remindedAt = performance.now();
      this.logger.error(
        `The database cannot be used: ${errorText(reason)}. Callbacks are not acknowledged until it can; it is tried again every ${RETRY_MS} ms.`,
      );
    }
    this.retry = setTimeout(() => {
      this.opening = this.connect().then(
        () => this.logger.log('The database answers; callbacks are stored.'),
        (error: unknown) => this.openLater(error),
      );
    }, RETRY_MS).unref();
  }

  private async connect(): Promise<void> {
    if (!this.host.isInitialized && this.options.isOwn) await this.host.initialize();
    if (this.host.isInitialized) this.checkEntities();
    const dataSource = createModuleDataSource(this.host);
    try {
      await dataSource.initialize();
      if (dialectOf(dataSource) === 'mysql') await prepareMysqlPool(driverHandle.mysql(dataSource));
      await this.checkDurability(dataSource);
      if (this.options.runMigrations) await runMigrationsLocked(dataSource);
      await dataSource.query(
        `SELECT count(*) FROM ${tableName(dataSource, LiveCallback)} WHERE id IS NULL`,
      );
      if (this.isClosed) throw new Error('The application has stopped');
      this.opened = { dataSource, writer: createCallbackWriter(dataSource) };
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw error;
    }
    this.resolveOpen();
  }

  private asSetup(error: unknown): StorageSetupError {
    if (error instanceof StorageSetupError) return error;
    const fix = this.options.runMigrations
      ? 'Check that the database answers and that its user may create tables.'
      : 'Run LIVE_CALLBACK_MIGRATIONS first, or leave out runMigrations: false.';
    const cause = error instanceof Error ? error.message : String(error);
    return new StorageSetupError(
      `The tables of nestjs-live-callback are not usable: ${cause}. ${fix}`,
      { cause: error },
    );
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    await this.opening;
    const opened = this.opened;
    this.opened = undefined;
    await opened?.writer.close();
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

  /** After a failure: what nobody uses may be as dead as the connection that failed. */
  dropIdleConnections(): void {
    this.opened?.writer.dropIdleConnections();
  }

  private use() {
    if (!this.opened) {
      throw new ServiceUnavailableException('The database of the callbacks does not answer.');
    }
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
