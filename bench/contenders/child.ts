import type { LiveCallbackRole } from '../../src/index.js';
import { cpuProfile } from './cpu-profile.js';

/** Redis as BullModule.forRoot takes it. */
export interface RedisPlace {
  readonly connection: { readonly host: string; readonly port: number };
  readonly prefix: string;
}

/** What a contender is told when it starts, in the environment as JSON. */
export interface ServerSettings {
  readonly adapter: 'fastify' | 'express';
  /** TypeORM options; null for a contender without a database. */
  readonly database: object | null;
  readonly key: string;
  readonly listeners: number;
  /** How long each run of a listener sleeps, ms. */
  readonly sleepMs: number;
  /** How the hand-written controller writes its rows. */
  readonly writing?: 'save' | 'insert';
  /** Whether sessions are worked out; by default they are not. */
  readonly sessions?: boolean;
  /** What this process does of the work; all of it by default. */
  readonly role?: LiveCallbackRole;
  /** Null: listeners run without BullMQ. */
  readonly redis?: RedisPlace | null;
}

/** What a contender says of itself when it is asked. */
export interface Usage {
  /** CPU time of the process since its start, µs. */
  readonly cpuMicros: number;
  /** Resident memory, bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  /** Runs of listeners that have ended. */
  readonly handled: number;
  /** Statements that were sent to PostgreSQL; 0 on other databases. */
  readonly statements: number;
}

/** A question to the process of a contender. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument?: unknown;
}

/** Its answer. */
export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What a contender can be asked beside `usage` and for a profile. */
export type Answers = Record<string, (argument: never) => unknown>;

/** What this process has counted since its start. */
export const counted = { handled: 0, statements: 0 };

export function readSettings(): ServerSettings {
  return JSON.parse(process.env['BENCH_SERVER'] ?? 'null') as ServerSettings;
}

/** Tells the port, answers questions, and ends when it is told to, or when who asks is gone. */
export function serve(port: number, answers: Answers = {}, close: () => unknown = () => {}): void {
  const all: Answers = { usage, ...cpuProfile, ...answers };
  process.on('message', (question: Question) => void answer(question, all));
  process.once('disconnect', () => process.exit());
  process.once('SIGTERM', () => {
    void Promise.resolve(close()).then(() => process.exit());
  });
  process.send?.({ port });
}

async function answer({ id, name, argument }: Question, answers: Answers): Promise<void> {
  let reply: Reply;
  try {
    const given = answers[name];
    if (!given) throw new Error(`this contender cannot answer "${name}"`);
    reply = { id, value: await given(argument as never) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(reply);
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuMicros: user + system, rss, heapUsed, ...counted };
}
