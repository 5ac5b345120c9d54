import type { MigrationInterface, QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { dialectOf } from '../connection/dialect.js';
import { tableName } from '../connection/table-name.js';
import { LivePush, LiveSession, LiveSessionLock } from '../entities/index.js';
import { createIndex, nameType, TABLE_OPTIONS, TYPES } from './schema.js';

/** Creates the tables of sessions. Every statement may run again, should an earlier run have been cut off. */
export class CreateLiveSessions1764000000001 implements MigrationInterface {
  readonly name = 'CreateLiveSessions1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = dialectOf(runner.connection);
    const { id, digest, ascii, body } = TYPES[dialect];
    const name = await nameType(runner);
    const [push, session, lock] = tablesOf(runner);
    const named = columnNames(runner.connection);
    const create = (table: string, columns: string) =>
      runner.query(
        named(`CREATE TABLE IF NOT EXISTS ${table} (${columns})${TABLE_OPTIONS[dialect]}`),
      );
    await create(
      push,
      `id ${id} NOT NULL PRIMARY KEY,
        registration ${ascii} NOT NULL,
        session_id ${id} NOT NULL,
        sequence ${name} NOT NULL,
        state ${ascii} NOT NULL,
        started_at bigint NOT NULL,
        started_by ${ascii} NOT NULL,
        ended_at bigint,
        ended_by ${ascii},
        errcode int,
        width int,
        height int,
        app_id ${name},
        facts ${body} NOT NULL`,
    );
    await create(
      session,
      `id ${id} NOT NULL PRIMARY KEY,
        registration ${ascii} NOT NULL,
        stream_key ${digest} NOT NULL,
        app_id ${name},
        domain ${name},
        path ${name},
        stream_name ${name},
        state ${ascii} NOT NULL,
        started_at bigint NOT NULL,
        started_by ${ascii} NOT NULL,
        interrupted_at bigint,
        ended_by ${ascii},
        errcode int,
        until_at bigint NOT NULL,
        last_confirmed_at bigint NOT NULL,
        pushes_count int NOT NULL,
        open_count int NOT NULL,
        unconfirmed_count int DEFAULT 0 NOT NULL,
        uptime_ms bigint NOT NULL,
        live_since bigint,
        gap_ms bigint NOT NULL,
        reconnects int NOT NULL,
        peak_concurrent_pushes int NOT NULL,
        width int,
        height int`,
    );
    await create(
      lock,
      `registration ${ascii} NOT NULL PRIMARY KEY,
        last_event_at bigint NOT NULL`,
    );
    await createIndex(runner, '', push, 'session', 'session_id, started_at, id');
    await createIndex(runner, '', session, 'stream', 'stream_key, until_at');
    await createIndex(runner, '', session, 'begin', 'registration, started_at, id');
    // Most are over; where the database can, the index holds the others alone.
    const others = 'registration, state, started_at, id';
    await createIndex(runner, '', session, 'state', others, "state <> 'ended'");
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tablesOf(runner)) await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}

function tablesOf(runner: QueryRunner): [string, string, string] {
  const nameOf = (entity: new () => object) => tableName(runner.connection, entity);
  return [nameOf(LivePush), nameOf(LiveSession), nameOf(LiveSessionLock)];
}
