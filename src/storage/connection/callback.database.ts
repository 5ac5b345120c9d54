import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';

import { errorText } from '../../common/error-text.js';
import { FIRST_ID } from '../../common/id.source.js';
import { outsideRequests } from '../../common/outside-requests.js';
import { OutageLog } from '../../common/outage.log.js';
import type { TimeScale } from '../../common/time-scale.js';
import { isConnectionFault } from './connection-fault.js';
import { retryStatements } from './contention.js';
import { dialectOf, NOW_MS } from './dialect.js';
import { LiveCallback, LiveCallbackDelivery, LIVE_CALLBACK_ENTITIES } from '../entities/index.js';
import { EnvironmentWatch, type EnvironmentOptions } from './environment/environment.watch.js';
import { tablesPlaceOf } from './tables-place.js';
import { createModuleDataSource } from './module-data-source.js';
import type { ModuleTransactions, TransactionWork } from './module-transactions.js';
import { AuditReader, READERS } from './audit.reader.js';
import { openModuleDataSource } from './open-data-source.js';
import { PooledTransactions } from './pooled.transactions.js';
import { onLostConnection } from './drivers/lost-connection.js';
import {
  isForStoring,
  statementsError,
  type StatementProof,
  type StatementVerdict,
} from './statement.verdict.js';
import { SqliteTransactions } from './sqlite.transactions.js';
import { StorageSetupError, StorageUnavailableError } from '../storage.error.js';
import type { CallbackWriter } from '../sql/callback.writer.js';
import { createCallbackWriter } from '../sql/create-callback-writer.js';

/** How often a database that was away at start is tried again, ms. */
const RETRY_MS = 1_000;
/** How often the log says that it still is, ms. */
const REMIND_MS = 60_000;

/** What the module does for the host's DataSource. */
export interface CallbackDatabaseOptions extends EnvironmentOptions {
  /** Tries the statements of the module at start, and when the database comes back. */
  readonly prove: StatementProof;
  /** The module made the DataSource itself, so it initialises it when it could not be at start. */
  readonly isOwn: boolean;
}

/** What there is once the database has answered. */
interface Opened {
  readonly dataSource: DataSource;
  readonly writer: CallbackWriter;
  readonly transactions: ModuleTransactions;
}

/**
 * The module's connection to the host's database: opened at start, or as soon as the database
 * answers, and closed last.
 */
export class CallbackDatabase {
  /** Resolves when callbacks can be stored for the first time. */
  readonly whenOpen: Promise<void>;
  private readonly logger = new Logger('LiveCallback');
  private opened: Opened | undefined;
  private resolveOpen!: () => void;
  private opening: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;
  private looking: Promise<void> | undefined;
  private problem: StorageSetupError | undefined;
  private readonly closing = new AbortController();
  private verdicts: readonly StatementVerdict[] = [];
  private readonly watch: EnvironmentWatch;
  private readonly outage = new OutageLog(this.logger, REMIND_MS);
  private readonly reader = new AuditReader(() => createModuleDataSource(this.host, READERS));

  constructor(
    private readonly host: DataSource,
    private readonly options: CallbackDatabaseOptions,
    private readonly time: TimeScale,
  ) {
    this.watch = new EnvironmentWatch(options, this.logger);
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
    this.outage.failed(
      () =>
        `The database cannot be used: ${errorText(reason)}. Callbacks are not acknowledged until it can; it is tried again every ${RETRY_MS} ms.`,
    );
    this.retry = setTimeout(() => {
      this.opening = this.connect().then(
        () => this.outage.works(() => 'The database answers; callbacks are stored.'),
        (error: unknown) => this.openLater(error),
      );
    }, this.time.real(RETRY_MS)).unref();
  }

  private async connect(): Promise<void> {
    if (!this.host.isInitialized && this.options.isOwn) await this.host.initialize();
    if (this.host.isInitialized) this.checkEntities();
    const dataSource = await openModuleDataSource(this.host);
    try {
      await this.watch.begin(dataSource);
      const refused = await this.prove(dataSource);
      if (refused) throw refused;
      if (this.isClosed) throw new Error('The application has stopped');
      // Not before the migrations, which wait longer for each other.
      retryStatements(dataSource);
      this.opened = {
        dataSource,
        writer: createCallbackWriter(dataSource, this.now),
        transactions: this.createTransactions(dataSource),
      };
      onLostConnection(dataSource, () => this.doubt());
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw error;
    }
    this.resolveOpen();
  }

  /** @returns what is wrong with the statements that the database does not take */
  private async prove(dataSource: DataSource): Promise<StorageSetupError | undefined> {
    this.verdicts = await this.options.prove(dataSource, this.now);
    return statementsError(this.verdicts);
  }

  private get unproven(): string[] {
    return this.verdicts.filter(({ error }) => error).map(({ name }) => name);
  }

  private createTransactions(dataSource: DataSource): ModuleTransactions {
    return dialectOf(dataSource) === 'sqlite'
      ? new SqliteTransactions(() => createModuleDataSource(this.host))
      : new PooledTransactions(dataSource);
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
    this.closing.abort();
    await this.looking;
    await this.reader.close();
    await opened?.transactions.close();
    await opened?.writer.close();
    await opened?.dataSource.destroy();
  }

  /** Whether another one has its tables in the same place. */
  isShared(other: CallbackDatabase): boolean {
    return tablesPlaceOf(this.host) === tablesPlaceOf(other.host);
  }

  get isOpen(): boolean {
    return this.opened !== undefined;
  }

  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  get dataSource(): DataSource {
    return this.use().dataSource;
  }

  /** The time of the database as an expression, Unix ms: what nodes with different clocks agree on. */
  get now(): string {
    return this.time.sql(NOW_MS[dialectOf(this.host)]);
  }

  get writer(): CallbackWriter {
    return this.use().writer;
  }

  /**
   * Runs work of several statements in one transaction, which no callback and no delivery becomes part
   * of. Every statement has to go through the manager that the work gets.
   */
  async transaction<T>(work: TransactionWork<T>): Promise<T> {
    return this.use().transactions.run(work);
  }

  /**
   * Runs a question of a person on connections of its own, few at a time.
   *
   * @throws AuditBusyError when it, or those before it, take too long
   */
  async read<T>(question: (dataSource: DataSource) => Promise<T>): Promise<T> {
    this.use();
    return this.reader.read(question);
  }

  /** Codes of what the database lacks, and of statements that it does not take: see docs/hosts.md. */
  get findings(): readonly string[] {
    return [...this.watch.codes, ...this.unproven.map((name) => `statement-${name}`)];
  }

  /** Succeeds when callbacks could be written now. */
  async probe(): Promise<void> {
    try {
      const query = () => this.dataSource.createQueryBuilder();
      const nothing = { state: () => 'state' };
      // Keys that no row has: under a condition that none can meet PostgreSQL reads a whole index.
      const nobody = { callbackId: FIRST_ID, listener: '' };
      await query().update(LiveCallback).set(nothing).where({ id: FIRST_ID }).execute();
      await query().update(LiveCallbackDelivery).set(nothing).where(nobody).execute();
    } catch (error) {
      this.doubt();
      throw this.problem ?? error;
    }
    if (this.problem) throw this.problem;
  }

  /**
   * After a failure: what nobody uses may be as dead as the connection that failed, and the database another
   * than it was. It is looked at until nothing stands in the way of callbacks.
   */
  doubt(): void {
    this.opened?.writer.dropIdleConnections();
    this.looking ??= outsideRequests(() => this.lookAgain()).finally(
      () => (this.looking = undefined),
    );
  }

  private async lookAgain(): Promise<void> {
    while (this.opened) {
      try {
        // A connection of its own: SQLite has one for all callbacks, which would join a migration.
        const dataSource = await openModuleDataSource(this.host);
        const refused = await this.watch
          .again(dataSource)
          .then(() => this.prove(dataSource))
          .finally(() => dataSource.destroy());
        // Where only what comes later fails, a callback is better stored than refused.
        this.problem = this.unproven.some(isForStoring) ? refused : undefined;
        if (!refused) return this.outage.works(() => 'The database can be used again.');
        this.outage.failed(() => errorText(refused));
      } catch (error) {
        if (error instanceof StorageSetupError) this.problem = error;
        if (!isConnectionFault(error)) this.outage.failed(() => errorText(error));
      }
      await sleep(this.time.real(RETRY_MS), undefined, {
        ref: false,
        signal: this.closing.signal,
      }).catch(() => {}); // it closes
    }
  }

  private use() {
    if (!this.opened) {
      throw new StorageUnavailableError('storage-away');
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
}
