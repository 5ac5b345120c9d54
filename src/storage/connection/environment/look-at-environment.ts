import type { DataSource } from 'typeorm';

import { dialectOf, type Dialect } from '../dialect.js';
import type { EnvironmentFinding } from './environment.finding.js';
import { lookAtMysql } from './mysql.environment.js';
import { lookAtPostgres } from './postgres.environment.js';
import { lookAtSqlite } from './sqlite.environment.js';

type Look = (dataSource: DataSource, bodyLimit: number) => Promise<EnvironmentFinding[]>;

const LOOKS: Record<Dialect, Look> = {
  sqlite: lookAtSqlite,
  postgres: lookAtPostgres,
  mysql: lookAtMysql,
};

/**
 * Looks at what the module depends on in a database and does not set itself. Tables that are not there yet
 * are no finding.
 *
 * @param dataSource of the module, initialised and prepared
 * @param bodyLimit largest body, bytes
 */
export function lookAtEnvironment(
  dataSource: DataSource,
  bodyLimit: number,
): Promise<EnvironmentFinding[]> {
  return LOOKS[dialectOf(dataSource)](dataSource, bodyLimit);
}
