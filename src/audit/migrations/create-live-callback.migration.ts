import type { MigrationInterface, QueryRunner } from 'typeorm';

import { dialectOf, type Dialect } from '../dialect.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import { isOpen } from '../open-deliveries.js';
import { tableName } from '../table-name.js';

/** Column types that differ between the databases. Names and digests compare byte by byte. */
const TYPES: Record<Dialect, Record<'id' | 'ascii' | 'name' | 'body' | 'flag', string>> = {
  sqlite: { id: 'text', ascii: 'text', name: 'text', body: 'text', flag: 'integer' },
  postgres: {
    id: 'uuid',
    ascii: 'text COLLATE "C"',
    name: 'text COLLATE "C"',
    body: 'text',
    flag: 'boolean',
  },
  mysql: {
    id: 'char(36) CHARACTER SET ascii COLLATE ascii_bin',
    ascii: 'varchar(190) CHARACTER SET ascii COLLATE ascii_bin',
    name: 'varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin',
    body: 'mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    flag: 'tinyint(1)',
  },
};

/** Creates the three tables. Every statement may run again, should an earlier run have been cut off. */
export class CreateLiveCallback1764000000000 implements MigrationInterface {
  readonly name = 'CreateLiveCallback1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = dialectOf(runner.connection);
    const { id, ascii, body, flag } = TYPES[dialect];
    const name = await nameType(runner);
    const [callback, delivery, rejection] = tablesOf(runner);
    await runner.query(
      `CREATE TABLE IF NOT EXISTS ${callback} (
        id ${id} NOT NULL PRIMARY KEY,
        kind ${ascii} NOT NULL,
        event_type int,
        state ${ascii} NOT NULL,
        app_id ${name},
        domain ${name},
        path ${name},
        stream_name ${name},
        sequence ${name},
        occurred_at bigint,
        received_at bigint NOT NULL,
        last_received_at bigint NOT NULL,
        deliveries_count int NOT NULL,
        variant ${flag} NOT NULL,
        content_digest ${ascii} NOT NULL,
        identity_digest ${ascii} NOT NULL,
        remarks ${body},
        errors ${body},
        remote_address ${ascii},
        body ${body},
        body_purged_at bigint,
        reviewed_at bigint,
        discarded_at bigint,
        discard_reason ${body},
        discard_actor ${body}
      )`,
    );
    await runner.query(
      `CREATE TABLE IF NOT EXISTS ${delivery} (
        callback_id ${id} NOT NULL,
        listener ${ascii} NOT NULL,
        stream_key ${ascii} NOT NULL,
        state ${ascii} NOT NULL,
        attempts int NOT NULL,
        lease_owner ${ascii},
        lease_until bigint,
        fence int NOT NULL,
        next_attempt_at bigint,
        last_error ${body},
        duration_ms int,
        finished_at bigint,
        attempts_before int DEFAULT 0 NOT NULL,
        replayed_at bigint,
        replay_reason ${body},
        replay_actor ${body},
        PRIMARY KEY (callback_id, listener)
      )`,
    );
    await runner.query(
      `CREATE TABLE IF NOT EXISTS ${rejection} (
        id ${id} NOT NULL PRIMARY KEY,
        reason ${ascii} NOT NULL,
        count int NOT NULL,
        remote_address ${ascii},
        excerpt ${body},
        first_at bigint NOT NULL,
        last_at bigint NOT NULL
      )`,
    );
    await createIndex(runner, 'UNIQUE', callback, 'content', 'content_digest');
    await createIndex(runner, '', callback, 'identity', 'identity_digest');
    await createIndex(runner, '', callback, 'stream', 'stream_name, id');
    await createIndex(runner, '', callback, 'kind', 'kind, id');
    // Most rows are accepted and done; where the database can, the indexes hold the others alone.
    await createIndex(runner, '', callback, 'state', 'state, id', "state <> 'accepted'");
    // Those that a purge has still to look at, oldest first.
    // PostgreSQL would not see that rows of one index with the same null are in the order of ids.
    const bodies = dialect === 'mysql' ? 'body_purged_at, id' : 'id';
    await createIndex(runner, '', callback, 'body', bodies, 'body_purged_at IS NULL');
    await createIndex(runner, '', delivery, 'open', 'state, callback_id', isOpen('state'));
    // PostgreSQL asks nothing about a column that the condition of an index has settled, and would read
    // all of an index that begins with it.
    const lane = 'listener, stream_key, callback_id';
    const lanes = dialect === 'mysql' ? `state, ${lane}` : lane;
    await createIndex(runner, '', delivery, 'lane', lanes, "state = 'pending'");
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tablesOf(runner)) await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** The other binary collations ignore trailing spaces; the one that does not has two names. */
async function nameType(runner: QueryRunner): Promise<string> {
  const dialect = dialectOf(runner.connection);
  const { name } = TYPES[dialect];
  if (dialect !== 'mysql') return name;
  const [row] = (await runner.query('SELECT VERSION() AS version')) as { version: string }[];
  return row?.version.includes('MariaDB') ? name.replace('0900_bin', 'nopad_bin') : name;
}

function tablesOf(runner: QueryRunner): [string, string, string] {
  const nameOf = (entity: new () => object) => tableName(runner.connection, entity);
  return [nameOf(LiveCallback), nameOf(LiveCallbackDelivery), nameOf(LiveCallbackRejection)];
}

async function createIndex(
  runner: QueryRunner,
  unique: 'UNIQUE' | '',
  table: string,
  suffix: string,
  columns: string,
  where?: string,
): Promise<void> {
  const dialect = dialectOf(runner.connection);
  const bare = table.split('.').at(-1)?.replace(/["`]/g, '');
  const index = runner.connection.driver.escape(`ix_${bare}_${suffix}`);
  const condition = where && dialect !== 'mysql' ? ` WHERE ${where}` : '';
  if (dialect !== 'mysql') {
    await runner.query(
      `CREATE ${unique} INDEX IF NOT EXISTS ${index} ON ${table} (${columns})${condition}`,
    );
    return;
  }
  // MySQL has no IF NOT EXISTS for indexes, and commits each of these statements by itself.
  const present = (await runner.query(`SHOW INDEX FROM ${table} WHERE Key_name = ?`, [
    `ix_${bare}_${suffix}`,
  ])) as unknown[];
  if (present.length > 0) return;
  await runner.query(`CREATE ${unique} INDEX ${index} ON ${table} (${columns})`);
}
