import { ServerResponse } from 'node:http';

import Sqlite, { type Statement } from 'better-sqlite3';
import mysql from 'mysql2';
import { Client } from 'pg';

/**
 * Where the process can be told to die:
 * - `storing`: callbacks are inserted and not committed;
 * - `stored`: they are committed and the 200 is not written;
 * - `listening`: in a plain listener;
 * - `in transaction`: in a transactional listener that has written;
 * - `completing`: the outcome of a delivery is written and not committed.
 *
 * PostgreSQL stores and completes with one statement that commits by itself: there the process dies
 * while the statement is on its way.
 */
export const KILL_POINTS = [
  'storing',
  'stored',
  'listening',
  'in transaction',
  'completing',
] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/** Statements at which a point is reached, told apart by the tables that they write. */
const STATEMENTS: readonly (readonly [KillPoint, RegExp])[] = [
  ['storing', /INSERT INTO ["`]?live_callback\b/],
  ['completing', /UPDATE ["`]?live_callback_delivery\b[^]*finished_at/],
];

let armed: KillPoint | undefined;

/** From now on the process dies when it comes to this point. */
export function arm(point: KillPoint): void {
  armed = point;
}

export function reach(point: KillPoint): void {
  if (armed === point) die();
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal is on its way
}

/** Watches the drivers and the HTTP server, so that nothing of the module has to be touched. */
export function watchKillPoints(): void {
  watchAnswers();
  watchSqlite();
  watchMysql();
  watchPostgres();
}

function watchAnswers(): void {
  wrap(ServerResponse.prototype, 'writeHead', (writeHead, args) => {
    if (args[0] === 200) reach('stored');
    return writeHead(args);
  });
}

/** Dies when the statement has run: its transaction is committed by a later one. */
function watchSqlite(): void {
  const database = new Sqlite(':memory:');
  const prototype = Object.getPrototypeOf(database.prepare('SELECT 1')) as object;
  database.close();
  for (const name of ['run', 'get', 'all']) {
    wrap(prototype, name, (execute, args, statement) => {
      const result = execute(args);
      if (isArmedFor((statement as Statement).source)) die();
      return result;
    });
  }
}

/** Dies when the server has answered the statement. */
function watchMysql(): void {
  for (const name of ['execute', 'query']) {
    wrap(mysql.Connection.prototype, name, (execute, args) => {
      const hasCallback = typeof args.at(-1) === 'function';
      return execute(
        hasCallback && isArmedFor(textOf(args[0])) ? [...args.slice(0, -1), die] : args,
      );
    });
  }
}

/** Dies right after the statement was sent, or up to some milliseconds later. */
function watchPostgres(): void {
  wrap(Client.prototype, 'query', (query, args) => {
    const result = query(args);
    if (isArmedFor(textOf(args[0]))) setTimeout(die, Math.random() * 4);
    return result;
  });
}

/** Replaces a method by one that is given the call to the replaced one. */
function wrap(
  prototype: object,
  name: string,
  around: (call: (args: unknown[]) => unknown, args: unknown[], self: object) => unknown,
): void {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const method = methods[name] as (...args: unknown[]) => unknown;
  methods[name] = function (this: object, ...args: unknown[]) {
    return around((given) => Reflect.apply(method, this, given), args, this);
  };
}

function isArmedFor(sql: unknown): boolean {
  if (armed === undefined || typeof sql !== 'string') return false;
  return STATEMENTS.some(([point, pattern]) => point === armed && pattern.test(sql));
}

/** Drivers take a text, or an object that has it. */
function textOf(statement: unknown): unknown {
  if (typeof statement !== 'object' || statement === null) return statement;
  const { text, sql } = statement as { text?: unknown; sql?: unknown };
  return text ?? sql;
}
