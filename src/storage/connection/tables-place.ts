import { resolve } from 'node:path';

import type { DataSource } from 'typeorm';

import { dialectOf } from './dialect.js';
import { migrationsTableOf } from './inherited.options.js';

/** What tells the tables of hosts apart: server, database, schema, and what tables are called there. */
export function tablesPlaceOf(host: DataSource): string {
  const {
    type,
    url,
    host: server,
    port,
    database,
    schema,
    replication,
  } = host.options as unknown as Readonly<Record<string, unknown>>;
  const { searchSchema } = host.driver as { searchSchema?: string };
  const isFile = dialectOf(host) === 'sqlite' && typeof database === 'string';
  const name = isFile ? resolve(database) : database;
  const called = migrationsTableOf(host.options);
  return JSON.stringify([
    type,
    url,
    server,
    port,
    name,
    schema ?? searchSchema,
    called,
    replication,
  ]);
}
