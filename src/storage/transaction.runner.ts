import { DataSource, type DataSourceOptions, type EntityManager, type QueryRunner } from 'typeorm';

import { LeaseLostError, type DeliveryLease } from './delivery.lease.js';
import { retryOnContention } from './connection/contention.js';
import { dialectOf, NOW_MS } from './connection/dialect.js';
import { LiveCallbackDelivery } from './entities/index.js';
import { driverHandle } from './connection/drivers/driver-handle.js';
import { prepareSqlite } from './connection/drivers/sqlite.connection.js';
import { isPending } from './sql/open-deliveries.js';

/**
 * Runs the work of transactional listeners: what they write and the completion of their delivery are
 * one transaction, with the host's own entities.
 */
export class TransactionRunner {
  private own: Promise<DataSource> | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private isGuarded = false;

  constructor(private readonly host: DataSource) {}

  /** @throws LeaseLostError, and what the work throws; the transaction is rolled back then */
  async run(lease: DeliveryLease, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    this.guardPool();
    if (dialectOf(this.host) !== 'sqlite') return inTransaction(this.host, lease, work);
    // SQLite has one writer, and the host's only connection may be in use at any time: transactions
    // get a connection of their own, one after the other.
    this.own ??= openSqlite(this.host).catch((error: unknown) => {
      this.own = undefined;
      throw error;
    });
    const own = await this.own;
    const turn = this.last.then(() => inTransaction(own, lease, work));
    this.last = turn.catch(() => {});
    return turn;
  }

  /** As for the module's own pool: a client that nobody listens to would end the process. */
  private guardPool(): void {
    if (this.isGuarded || dialectOf(this.host) !== 'postgres') return;
    this.isGuarded = true;
    driverHandle.postgres(this.host).on('connect', (client) => {
      client.on('error', () => {});
    });
  }

  async close(): Promise<void> {
    await (await this.own)?.destroy();
    this.own = undefined;
  }
}

function openSqlite(host: DataSource): Promise<DataSource> {
  return new DataSource({
    ...host.options,
    timeout: 0,
    enableWAL: true,
    prepareDatabase: prepareSqlite,
    synchronize: false,
    dropSchema: false,
    migrationsRun: false,
  } as DataSourceOptions).initialize();
}

async function inTransaction(
  dataSource: DataSource,
  lease: DeliveryLease,
  work: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await begin(runner, lease);
    await work(runner.manager);
    await complete(runner, lease);
    await runner.commitTransaction();
  } catch (error) {
    // A rollback that fails has lost its connection, and with that the transaction; the error of the
    // work is what says why.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => {});
    throw error;
  } finally {
    await runner.release();
  }
}

/**
 * Makes sure that the delivery is still ours before the listener runs; the completion makes sure
 * again. On SQLite the first statement is a write: it takes the write lock before anything is read,
 * without which a later write could not. Elsewhere it locks nothing, for renewals go on meanwhile.
 */
function begin(runner: QueryRunner, lease: DeliveryLease): Promise<void> {
  return retryOnContention(async () => {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.startTransaction();
    if (dialectOf(runner.connection) !== 'sqlite') return checkHeld(runner, lease);
    return updateHeld(runner, lease, { fence: lease.fence });
  });
}

async function checkHeld(
  runner: QueryRunner,
  { callbackId, listener, fence }: DeliveryLease,
): Promise<void> {
  const row = await runner.manager.findOne(LiveCallbackDelivery, {
    select: { state: true },
    where: { callbackId, listener, fence },
  });
  if (row?.state !== 'pending') throw new LeaseLostError();
}

function complete(runner: QueryRunner, lease: DeliveryLease): Promise<void> {
  const now = NOW_MS[dialectOf(runner.connection)];
  return updateHeld(runner, lease, {
    state: 'done',
    lastError: null,
    leaseOwner: null,
    leaseUntil: null,
    nextAttemptAt: null,
    finishedAt: () => now,
  });
}

async function updateHeld(
  runner: QueryRunner,
  { callbackId, listener, fence }: DeliveryLease,
  values: object,
): Promise<void> {
  const { affected } = await runner.manager
    .createQueryBuilder()
    .update(LiveCallbackDelivery)
    .set(values)
    .where({ callbackId, listener, fence })
    .andWhere(isPending('state'))
    .execute();
  if (affected !== 1) throw new LeaseLostError();
}
