import type { LiveCallbackRole } from '../src/index.js';
import type { ServerSettings } from './contenders/child.js';
import { choose } from './choose.js';

/** The databases, by the names that the command lines take. */
export const DATABASE_NAMES = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  mariadb: 'MariaDB',
} as const;
export type DatabaseKey = keyof typeof DATABASE_NAMES;

/** One server that is measured. */
export interface Contender extends Pick<
  ServerSettings,
  'adapter' | 'listeners' | 'sleepMs' | 'writing'
> {
  readonly name: string;
  /** What it is, for the table. */
  readonly title: string;
  readonly program: string;
  readonly database: DatabaseKey | null;
  /** Table that has to hold every callback at the end; null where none does. */
  readonly table: 'live_callback' | 'push' | null;
  readonly isForged: boolean;
  /** The processes that share its database; one that does everything by default. */
  readonly roles?: readonly LiveCallbackRole[];
  /** Whether its listeners run on BullMQ. */
  readonly isOnBullMq?: boolean;
  /** How many connections send to it, whatever the command line says. */
  readonly connections?: number;
  /** Another contender, at half of whose peak this one is measured too. */
  readonly paceOf?: string;
}

const BASE = { adapter: 'fastify', listeners: 0, sleepMs: 0, isForged: false } as const;

const empty = { ...BASE, program: 'contenders/empty', database: null, table: null } as const;
const handwritten = {
  ...BASE,
  program: 'contenders/handwritten/main',
  database: 'postgres',
  table: 'push',
  listeners: 1,
} as const;
const live = {
  ...BASE,
  program: 'contenders/live-callback',
  table: 'live_callback',
  database: 'postgres',
  listeners: 1,
} as const;

/** The contenders of `npm run bench`, in the order of the table. */
export const CONTENDERS: readonly Contender[] = [
  { ...empty, name: 'floor', title: 'node:http, JSON and MD5', program: 'contenders/raw-http' },
  { ...empty, name: 'empty', title: 'empty Nest endpoint, Fastify' },
  { ...empty, name: 'empty-express', title: 'empty Nest endpoint, Express', adapter: 'express' },
  {
    ...handwritten,
    name: 'handwritten-save',
    title: 'hand-written, repository.save, PostgreSQL, Fastify',
    writing: 'save',
  },
  {
    ...handwritten,
    name: 'handwritten',
    title: 'hand-written at its best: one prepared insert, PostgreSQL, Fastify',
    writing: 'insert',
    paceOf: 'postgres',
  },
  {
    ...handwritten,
    name: 'handwritten-express',
    title: 'hand-written at its best, PostgreSQL, Express',
    writing: 'insert',
    adapter: 'express',
  },
  {
    ...handwritten,
    name: 'handwritten-save-256',
    title: 'hand-written, repository.save, PostgreSQL, 256 connections',
    writing: 'save',
    connections: 256,
  },
  {
    ...handwritten,
    name: 'handwritten-mariadb',
    title: 'hand-written at its best, MariaDB, Fastify',
    writing: 'insert',
    database: 'mariadb',
  },
  {
    ...handwritten,
    name: 'handwritten-sqlite',
    title: 'hand-written at its best, SQLite, Fastify',
    writing: 'insert',
    database: 'sqlite',
  },
  { ...live, name: 'postgres', title: 'this module, PostgreSQL, Fastify, 1 listener' },
  {
    ...live,
    name: 'postgres-256',
    title: 'this module, PostgreSQL, Fastify, 1 listener, 256 connections',
    connections: 256,
  },
  {
    ...live,
    name: 'postgres-0',
    title: 'this module, PostgreSQL, Fastify, no listener',
    listeners: 0,
    paceOf: 'postgres-5-sleeping',
  },
  {
    ...live,
    name: 'postgres-5',
    title: 'this module, PostgreSQL, Fastify, 5 listeners',
    listeners: 5,
  },
  {
    ...live,
    name: 'postgres-5-sleeping',
    title: 'this module, PostgreSQL, Fastify, 5 listeners that sleep 50 ms',
    listeners: 5,
    sleepMs: 50,
  },
  {
    ...live,
    name: 'postgres-express',
    title: 'this module, PostgreSQL, Express, 1 listener',
    adapter: 'express',
  },
  {
    ...live,
    name: 'mariadb',
    title: 'this module, MariaDB, Fastify, 1 listener',
    database: 'mariadb',
  },
  {
    ...live,
    name: 'sqlite',
    title: 'this module, SQLite, Fastify, 1 listener',
    database: 'sqlite',
  },
  {
    ...live,
    name: 'forged',
    title: 'this module, PostgreSQL, Fastify, forged requests',
    isForged: true,
  },
];

/**
 * The contenders of a list of names; all when it is empty.
 *
 * @throws Error that names the known ones
 */
export function chooseContenders(list: string): Contender[] {
  return choose(CONTENDERS, list, 'contender');
}
