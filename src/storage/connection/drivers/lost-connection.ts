import type { DataSource } from 'typeorm';

import { dialectOf } from '../dialect.js';
import { driverHandle } from './driver-handle.js';
import { watchIdleConnections } from './mysql.pool.js';

/** Calls back when a connection ends that nobody uses: the database may be another one when it is back. */
export function onLostConnection(dataSource: DataSource, lost: () => void): void {
  const dialect = dialectOf(dataSource);
  if (dialect === 'postgres') driverHandle.postgres(dataSource).on('error', lost);
  if (dialect === 'mysql') watchIdleConnections(driverHandle.mysql(dataSource), lost);
}
