import { createHash } from 'node:crypto';

import type { DataSource } from 'typeorm';

import type { DatabaseKey } from '../contenders.js';
import { ROWS_PER_DAY } from './filling.js';

/** How a database is filled in bulk. */
export interface FillDialect {
  /** A source of the numbers from `first` to `last` in a column `i`. */
  readonly numbers: (first: number, last: number) => string;
  /** Lower-case hexadecimal digits of a number, padded with zeros. */
  readonly hex: (number: string, digits: number) => string;
  /** A number as text. */
  readonly text: (number: string) => string;
  /** Texts joined together. */
  readonly join: (...parts: string[]) => string;
  /** A digest as the module makes them: 4 bytes of a number, 12 of the SHA-256 of a text. */
  readonly digest: (lead: string, text: string) => string;
  /** Milliseconds as whole seconds. */
  readonly seconds: (milliseconds: string) => string;
  /** Number of the day, from 0. */
  readonly day: string;
  readonly no: string;
  /** What a text must become to be an id. */
  readonly id: (text: string) => string;
  /** Before and after the rows come, on one connection. */
  readonly prepare: (dataSource: DataSource) => readonly string[];
  readonly finish: readonly string[];
}

export const FILL_DIALECTS: Record<DatabaseKey, FillDialect> = {
  postgres: {
    numbers: (first, last) => `generate_series(${first}::bigint, ${last}::bigint) AS numbers(i)`,
    hex: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
    text: (number) => `cast(${number} AS text)`,
    join: (...parts) => parts.join(' || '),
    digest: (lead, text) =>
      `(lpad(to_hex(${lead}), 8, '0') || left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 24))::uuid`,
    seconds: (milliseconds) => `(${milliseconds} / 1000)`,
    day: `(i / ${ROWS_PER_DAY})`,
    no: 'false',
    id: (text) => `(${text})::uuid`,
    prepare: () => ['SET synchronous_commit = off'],
    // What autovacuum does by itself after a while.
    finish: ['VACUUM ANALYZE live_callback, live_callback_delivery', 'CHECKPOINT'],
  },
  mariadb: {
    numbers: (first, last) => `(SELECT seq AS i FROM seq_${first}_to_${last}) AS numbers`,
    hex: (number, digits) => `lower(lpad(hex(${number}), ${digits}, '0'))`,
    text: (number) => `cast(${number} AS char)`,
    join: (...parts) => `concat(${parts.join(', ')})`,
    digest: (lead, text) =>
      `unhex(concat(lpad(hex(${lead}), 8, '0'), left(sha2(${text}, 256), 24)))`,
    seconds: (milliseconds) => `(${milliseconds} DIV 1000)`,
    day: `(i DIV ${ROWS_PER_DAY})`,
    no: '0',
    id: (text) => text,
    prepare: () => ['SET SESSION unique_checks = 0'],
    finish: [
      'SET SESSION unique_checks = 1',
      'ANALYZE TABLE live_callback, live_callback_delivery',
    ],
  },
  sqlite: {
    numbers: (first, last) =>
      `(WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last}) SELECT i FROM n) AS numbers`,
    hex: (number, digits) => `printf('%0${digits}x', ${number})`,
    text: (number) => `cast(${number} AS text)`,
    join: (...parts) => parts.join(' || '),
    digest: (lead, text) => `digest_of(${lead}, ${text})`,
    seconds: (milliseconds) => `(${milliseconds} / 1000)`,
    day: `(i / ${ROWS_PER_DAY})`,
    no: '0',
    id: (text) => text,
    prepare: (dataSource) => {
      addDigest(dataSource);
      return ['PRAGMA synchronous = OFF', 'PRAGMA cache_size = -262144'];
    },
    finish: ['PRAGMA wal_checkpoint(TRUNCATE)'],
  },
};

/** SQLite has no digests of its own. */
function addDigest(dataSource: DataSource): void {
  const { databaseConnection } = dataSource.driver as unknown as {
    databaseConnection: {
      function(name: string, body: (lead: number, text: string) => Buffer): void;
    };
  };
  databaseConnection.function('digest_of', (lead, text) => {
    const digest = createHash('sha256').update(text).digest().subarray(0, 16);
    digest.writeUInt32BE(lead);
    return digest;
  });
}
