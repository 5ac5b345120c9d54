import type { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../../entities/index.js';
import { tableName } from '../table-name.js';
import { broken, risk, type EnvironmentFinding } from './environment.finding.js';

interface Facts {
  readonly encoding: string;
  readonly client: string;
  readonly nulls: string;
  readonly fsync: string;
  readonly pages: string;
  readonly commit: string;
  /** Comma-separated; null when there is none. */
  readonly unlogged: string | null;
}

/** Encoding and durability of a PostgreSQL database. */
export async function lookAtPostgres(dataSource: DataSource): Promise<EnvironmentFinding[]> {
  const [facts] = await dataSource.query<Facts[]>(
    `SELECT current_setting('server_encoding') AS encoding, current_setting('client_encoding') AS client,
       current_setting('array_nulls') AS nulls, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,
       (SELECT string_agg(relname, ', ') FROM pg_class
        WHERE oid IN (SELECT to_regclass(t) FROM unnest($1::text[]) t) AND relpersistence <> 'p')
         AS unlogged`,
    [LIVE_CALLBACK_ENTITIES.map((entity) => tableName(dataSource, entity))],
  );
  const { encoding, client, nulls, fsync, pages, commit, unlogged } = facts!;
  const findings: EnvironmentFinding[] = [];
  if (encoding !== 'UTF8') {
    findings.push(
      broken(
        'encoding',
        `The database is encoded in ${encoding}, which cannot hold what names and bodies are made of`,
        "Make another and move the tables of the host: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
      ),
    );
  } else if (client !== 'UTF8' || nulls !== 'on') {
    findings.push(
      broken(
        'session',
        `A connection does not keep its settings: client_encoding is ${client}, array_nulls is ${nulls}`,
        'Let no proxy between application and database reset them.',
      ),
    );
  }
  const off = { fsync, full_page_writes: pages, synchronous_commit: commit };
  for (const [name, value] of Object.entries(off)) {
    if (value === 'off') findings.push(risk(name, `${name} is off`, `Set ${name} = on.`));
  }
  if (unlogged !== null) {
    const fix = 'ALTER TABLE … SET LOGGED.';
    findings.push(risk('table-unlogged', `Not logged: ${unlogged}`, fix));
  }
  return findings;
}
