import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

import { dialectOf } from '../dialect.js';
import { driverHandle } from './driver-handle.js';
import { watchIdleConnections } from './mysql.pool.js';

/** Calls back when a connection ends that should not: the database may be another one when it is back. */
export function onLostConnection(dataSource: DataSource, lost: () => void): void {
  const dialect = dialectOf(dataSource);
  if (dialect === 'postgres') watchPostgres(driverHandle.postgres(dataSource), lost);
  if (dialect === 'mysql') watchIdleConnections(driverHandle.mysql(dataSource), lost);
}

/** The pool tells of those that are idle. One that is at work ends with its statement, and who asked is told. */
function watchPostgres(pool: Pool, lost: () => void): void {
  const known = new WeakSet<PoolClient>();
  pool.on('error', lost);
  pool.on('acquire', (client) => {
    if (known.has(client)) return;
    known.add(client);
    client.on('error', lost);
  });
}
