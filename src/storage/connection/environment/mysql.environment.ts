import type { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../../entities/index.js';
import { STATEMENT_BYTES } from '../../sql/mysql.statements.js';
import { broken, risk, type EnvironmentFinding } from './environment.finding.js';

/** What a statement is longer than the body in it, and the body of a callback than what came, at most. */
const ROW_BYTES = 65_536;
const ENCODED = 4 / 3;

interface Facts {
  readonly packet: number | string;
  readonly mode: string;
  readonly charset: string | null;
  readonly results: string | null;
  readonly flush: number | string;
  readonly log: number | string;
  readonly sync: number | string;
}

/** Packets, sessions, durability and tables of MySQL and MariaDB. */
export async function lookAtMysql(
  dataSource: DataSource,
  bodyLimit: number,
): Promise<EnvironmentFinding[]> {
  const [facts] = await dataSource.query<Facts[]>(
    `SELECT @@max_allowed_packet AS packet, @@sql_mode AS mode, @@character_set_client AS charset,
       @@character_set_results AS results, @@innodb_flush_log_at_trx_commit AS flush, @@log_bin AS log,
       @@sync_binlog AS sync`,
  );
  const { packet, mode, charset, results, flush, log, sync } = facts!;
  const findings: EnvironmentFinding[] = [];
  const needed = Math.ceil(Math.max(bodyLimit * ENCODED, STATEMENT_BYTES)) + ROW_BYTES;
  if (Number(packet) < needed) {
    findings.push(
      broken(
        'packet',
        `max_allowed_packet is ${packet} bytes, and callbacks of up to ${bodyLimit} bytes need ${needed}`,
        `SET GLOBAL max_allowed_packet = ${2 ** Math.ceil(Math.log2(needed))}, in the configuration of the server too.`,
      ),
    );
  }
  const isOther = /ANSI_QUOTES|NO_BACKSLASH_ESCAPES|PIPES_AS_CONCAT/.test(mode);
  if (isOther || !mode.includes('STRICT_') || charset !== 'utf8mb4' || results !== 'utf8mb4') {
    findings.push(
      broken(
        'session',
        `A connection does not keep its settings: sql_mode is "${mode}", its charset ${charset}, that of results ${results}`,
        'Let no proxy between application and database reset or share them.',
      ),
    );
  }
  if (Number(flush) !== 1) {
    const name = 'innodb_flush_log_at_trx_commit';
    findings.push(risk(name, `${name} is ${flush}`, `SET GLOBAL ${name} = 1.`));
  }
  // After a crash InnoDB rolls back what the binary log does not have.
  if (Number(log) === 1 && Number(sync) !== 1) {
    findings.push(
      risk(
        'sync_binlog',
        `sync_binlog is ${sync} with a binary log`,
        'SET GLOBAL sync_binlog = 1.',
      ),
    );
  }
  return [...findings, ...(await lookAtTables(dataSource))];
}

/** Engines, charsets and collations of the tables, which `ALTER TABLE … CONVERT` changes all at once. */
async function lookAtTables(dataSource: DataSource): Promise<EnvironmentFinding[]> {
  const tables = LIVE_CALLBACK_ENTITIES.map((entity) => dataSource.getMetadata(entity));
  const [{ database }] = tables as [(typeof tables)[number]];
  const where = `table_schema = COALESCE(?, DATABASE()) AND table_name IN (${tables.map(() => '?').join(', ')})`;
  const values = [database ?? null, ...tables.map((table) => table.tableName)];
  const engines = await dataSource.query<{ name: string }[]>(
    `SELECT CONCAT(table_name, ' in ', engine) AS name FROM information_schema.tables
     WHERE ${where} AND engine <> 'InnoDB'`,
    values,
  );
  const columns = await dataSource.query<{ name: string }[]>(
    `SELECT CONCAT(table_name, '.', column_name, ' in ', collation_name) AS name
     FROM information_schema.columns
     WHERE ${where} AND collation_name IS NOT NULL
       AND NOT (character_set_name IN ('utf8mb4', 'ascii') AND collation_name LIKE '%bin')`,
    values,
  );
  const findings: EnvironmentFinding[] = [];
  if (engines.length > 0) {
    const what = `Tables have no transactions: ${namesOf(engines)}`;
    findings.push(broken('table-engine', what, 'ALTER TABLE … ENGINE = InnoDB.'));
  }
  if (columns.length > 0) {
    const what = `Columns cannot hold, or do not tell apart, every name: ${namesOf(columns)}`;
    const fix =
      'MODIFY them to the character sets that the migration gives them: ascii_bin and utf8mb4_bin.';
    findings.push(broken('table-charset', what, fix));
  }
  return findings;
}

function namesOf(rows: readonly { name: string }[]): string {
  return rows.map(({ name }) => name).join(', ');
}
