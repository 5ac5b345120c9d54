import type { MigrationInterface, QueryRunner } from 'typeorm';

import { dialectOf } from '../connection/dialect.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  LiveListener,
  LiveAlert,
} from '../entities/index.js';
import { isOpen } from '../sql/open-deliveries.js';
import { isOfRareKind } from '../sql/rare-kinds.js';
import { columnNames } from '../connection/column-names.js';
import { tableName } from '../connection/table-name.js';
import { createIndex, nameType, TABLE_OPTIONS, TYPES } from './schema.js';

/** Creates the tables of callbacks, listeners and alerts. Every statement may run again, should an earlier run have been cut off. */
export class CreateLiveCallback1764000000000 implements MigrationInterface {
  readonly name = 'CreateLiveCallback1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = dialectOf(runner.connection);
    const { id, digest, ascii, body, flag } = TYPES[dialect];
    const name = await nameType(runner);
    const [callback, delivery, rejection, listener, alert] = tablesOf(runner);
    const named = columnNames(runner.connection);
    const query = (sql: string) => runner.query(named(sql));
    await query(
      `CREATE TABLE IF NOT EXISTS ${callback} (
        id ${id} NOT NULL PRIMARY KEY,
        registration ${ascii} NOT NULL,
        kind ${ascii} NOT NULL,
        event_type int,
        state ${ascii} NOT NULL,
        origin ${ascii} DEFAULT 'callback' NOT NULL,
        app_id ${name},
        domain ${name},
        path ${name},
        stream_name ${name},
        sequence ${name},
        occurred_at bigint,
        received_at bigint NOT NULL,
        last_received_at bigint NOT NULL,
        receipts_count int NOT NULL,
        conflicting ${flag} NOT NULL,
        content_digest ${digest} NOT NULL,
        identity_digest ${digest} NOT NULL,
        warnings ${body},
        errors ${body},
        remote_address ${ascii},
        traceparent ${ascii},
        body ${body},
        body_encoding ${ascii} NOT NULL,
        body_purged_at bigint,
        reviewed_at bigint,
        discarded_at bigint,
        discard_reason ${body},
        discard_actor ${body},
        revealed_at bigint,
        reveal_actor ${body},
        reveals_count int DEFAULT 0 NOT NULL,
        erase_reason ${body},
        erase_actor ${body}
      )${TABLE_OPTIONS[dialect]}`,
    );
    await query(
      `CREATE TABLE IF NOT EXISTS ${delivery} (
        callback_id ${id} NOT NULL,
        listener ${ascii} NOT NULL,
        registration ${ascii} NOT NULL,
        ordering_key ${digest} NOT NULL,
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
      )${TABLE_OPTIONS[dialect]}`,
    );
    await query(
      `CREATE TABLE IF NOT EXISTS ${rejection} (
        id ${id} NOT NULL PRIMARY KEY,
        registration ${ascii} NOT NULL,
        reason ${ascii} NOT NULL,
        count int NOT NULL,
        remote_address ${ascii},
        excerpt ${body},
        first_at bigint NOT NULL,
        last_at bigint NOT NULL
      )${TABLE_OPTIONS[dialect]}`,
    );
    await query(
      `CREATE TABLE IF NOT EXISTS ${listener} (
        registration ${ascii} NOT NULL,
        listener ${ascii} NOT NULL,
        paused_at bigint,
        changed_at bigint,
        change_reason ${body},
        change_actor ${body},
        opened_at bigint,
        open_error ${body},
        probe_at bigint,
        PRIMARY KEY (registration, listener)
      )${TABLE_OPTIONS[dialect]}`,
    );
    await query(
      `CREATE TABLE IF NOT EXISTS ${alert} (
        registration ${ascii} NOT NULL,
        alert ${ascii} NOT NULL,
        listener ${ascii} NOT NULL,
        began_at bigint NOT NULL,
        teller ${ascii} NOT NULL,
        PRIMARY KEY (registration, alert, listener)
      )${TABLE_OPTIONS[dialect]}`,
    );
    await createIndex(runner, 'UNIQUE', callback, 'content', 'content_digest');
    await createIndex(runner, '', callback, 'identity', 'identity_digest');
    await createIndex(runner, '', callback, 'stream', 'stream_name, id');
    // The common kinds fill any page anyway.
    await createIndex(runner, '', callback, 'kind', 'kind, id', isOfRareKind('kind'));
    // Most rows are accepted and done; where the database can, the indexes hold the others alone.
    await createIndex(
      runner,
      '',
      callback,
      'state',
      'registration, state, id',
      "state <> 'accepted'",
    );
    await createIndex(
      runner,
      '',
      delivery,
      'open',
      'registration, state, callback_id',
      isOpen('state'),
    );
    // PostgreSQL asks nothing about a column that the condition of an index has settled, and would read
    // all of an index that begins with it.
    const lane = 'ordering_key, listener';
    const lanes = dialect === 'mysql' ? `state, ${lane}` : lane;
    await createIndex(runner, '', delivery, 'lane', lanes, "state = 'pending'");
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tablesOf(runner)) await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}

function tablesOf(runner: QueryRunner): [string, string, string, string, string] {
  const nameOf = (entity: new () => object) => tableName(runner.connection, entity);
  return [
    nameOf(LiveCallback),
    nameOf(LiveCallbackDelivery),
    nameOf(LiveCallbackRejection),
    nameOf(LiveListener),
    nameOf(LiveAlert),
  ];
}
