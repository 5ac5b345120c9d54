import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../../src/index.js';
import { freePort } from '../support/free-port.js';
import { ApplicationNodes } from './application-nodes.js';
import type { Life } from './application-process.js';
import { now } from './clock.js';
import { collectJournals, collectTables } from './collect.js';
import { compare, type Comparison } from './comparison.js';
import type { FaultyDatabase } from './databases/faulty-database.js';
import type { FaultyRedis } from './databases/redis.js';
import { Ledger } from './ledger.js';
import { judgeOrder, type Order } from './order.js';
import { Outages, type Outage } from './outages.js';
import { judgeRepeats, type Repeats } from './repeats.js';
import { Schedule, type Plan } from './schedule.js';
import { Sender } from './sender.js';
import { judgeSessions, type SessionOutcome } from './sessions.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'KeyOfTheFaultHarness';
/** How long the listeners have after the last callback, ms. */
const DRAIN_MS = 120_000;

/** All that a run came to. */
export interface Outcome {
  readonly comparison: Comparison;
  readonly repeats: Repeats;
  readonly order: Order;
  /** Null without sessions. */
  readonly sessions: SessionOutcome | null;
  readonly lives: readonly Life[];
  readonly outages: readonly Outage[];
  readonly sender: Sender;
  readonly kills: number;
  /** What happened to Redis, by kind; null without BullMQ. */
  readonly redisFaults: readonly string[] | null;
  readonly stopMs: number;
  readonly databaseVersion: string;
  /** From the first callback to the last, s. */
  readonly sentFor: number;
  /** From the last callback until no delivery was open, s. */
  readonly drainedFor: number;
}

/** The program of the application, compiled: decorators need the metadata that tsc emits. */
export function compileApplication(): { program: string; remove(): void } {
  const out = mkdtempSync(join(ROOT, 'node_modules/.faults-'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'test/faults', '--outDir', out], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
  return {
    program: join(out, 'test/faults/application/app.js'),
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}

/**
 * Sends, kills, takes the database away, and compares.
 *
 * @param redis whose BullMQ runs the listeners; null for in process
 * @param judge says whether the files of the run can go
 */
export async function runCampaign(
  plan: Plan,
  program: string,
  database: FaultyDatabase,
  redis: FaultyRedis | null,
  onProgress: (line: string) => void,
  judge: (outcome: Outcome) => boolean,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-faults-'));
  const ledger = new Ledger(join(folder, 'ledger.db'));
  const outages = new Outages();
  const ports = await freePorts(plan.nodes);
  const settings = {
    database: database.options,
    key: KEY,
    sessions: plan.sessions,
    redisPort: redis?.port,
  };
  const databaseVersion = await prepare(database);
  const application = new ApplicationNodes(ports, program, settings, folder, outages);
  let isClean = false;
  try {
    await application.start();
    const sender = new Sender(ports, KEY, ledger, outages);
    const schedule = new Schedule(
      plan,
      application,
      database.faults,
      redis?.faults ?? [],
      outages,
      sender,
      onProgress,
    );
    const startedAt = now();
    sender.start();
    await schedule.run();
    await sender.stop();
    ledger.flush();
    const sentFor = (now() - startedAt) / 1_000;
    onProgress(`${sender.acked} acknowledged; waiting for the listeners`);
    const entities = [...LIVE_CALLBACK_ENTITIES];
    const host = await new DataSource({ ...database.options, entities }).initialize();
    const drainedFor = await drain(host);
    await keepOpen(host, folder);
    const stopMs = await application.stop();
    await collectTables(ledger, host);
    const sessions = plan.sessions ? await judgeSessions(host) : null;
    await host.destroy();
    const { lives } = application;
    await collectJournals(ledger, folder, lives);
    const timeline = JSON.stringify({ lives, outages: outages.all }, null, 2);
    writeFileSync(join(folder, 'timeline.json'), timeline);
    isClean = judge({
      comparison: compare(ledger),
      repeats: judgeRepeats(ledger, lives, outages),
      order: judgeOrder(ledger, lives, outages),
      sessions,
      lives,
      outages: outages.all,
      sender,
      kills: schedule.kills,
      redisFaults: redis && schedule.redisFaults,
      stopMs,
      databaseVersion,
      sentFor,
      drainedFor,
    });
  } finally {
    application.close();
    ledger.close();
    if (isClean) rmSync(folder, { recursive: true, force: true });
    else onProgress(`Journals, ledger, time line and log of the application: ${folder}`);
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Makes the table of effects. @returns name and version of the database */
async function prepare({ options }: FaultyDatabase): Promise<string> {
  const host = await new DataSource(options).initialize();
  const serial = {
    'better-sqlite3': 'integer PRIMARY KEY AUTOINCREMENT',
    postgres: 'serial PRIMARY KEY',
    mariadb: 'int AUTO_INCREMENT PRIMARY KEY',
  }[host.options.type as 'postgres'];
  await host.query(`CREATE TABLE fault_effect (id ${serial}, callback_id varchar(36))`);
  const version = host.options.type === 'better-sqlite3' ? 'sqlite_version()' : 'version()';
  const [row] = await host.query<{ version: string }[]>(`SELECT ${version} AS version`);
  await host.destroy();
  return row?.version ?? '';
}

/** The rows that are open at the end, should there be any, say more than their number. */
async function keepOpen(host: DataSource, folder: string): Promise<void> {
  const rows = await host.query<object[]>(
    "SELECT * FROM live_callback_delivery WHERE state = 'pending' ORDER BY callback_id",
  );
  if (rows.length > 0) {
    writeFileSync(join(folder, 'open.json'), rows.map((row) => JSON.stringify(row)).join('\n'));
  }
}

/** Waits until no delivery is open, or for long enough. @returns how long it took, s */
async function drain(host: DataSource): Promise<number> {
  const startedAt = now();
  for (;;) {
    const [row] = await host.query<{ n: string | number }[]>(
      "SELECT count(*) AS n FROM live_callback_delivery WHERE state = 'pending'",
    );
    if (Number(row?.n) === 0 || now() - startedAt > DRAIN_MS) return (now() - startedAt) / 1_000;
    await sleep(250);
  }
}
