import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { DataSource, type DataSourceOptions } from 'typeorm';

import { screenshotCallback, signCallback, streamPushCallback } from '../../src/testing/index.js';
import { freePort } from '../support/free-port.js';
import type { KillPoint } from './app.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'KeyOfTheFaultHarness';
const POINTS: readonly KillPoint[] = [
  'storing',
  'stored',
  'listening',
  'in transaction',
  'completing',
];
/** Every third kill comes from outside, at any instant. */
const RANDOM_EVERY = 3;
const SENDERS = 16;
const STREAMS = 40;
const DRAIN_MS = 90_000;

export interface CampaignOptions {
  readonly database: DataSourceOptions;
  /** How long callbacks are sent, seconds. */
  readonly duration: number;
  readonly kills: number;
  readonly onProgress: (line: string) => void;
}

/** What was sent and what came of it. */
export interface Figures {
  /** Callbacks that were answered with 200. */
  acked: number;
  /** Of those, bodies that are not in the table byte for byte. */
  lost: number;
  /** Kills that hit a running process. */
  kills: number;
  /** Deliveries that are neither done nor dead at the end. */
  open: number;
  /** Deliveries that became dead letters; every listener of the harness succeeds when it may end. */
  dead: number;
  /** Runs of the plain listener beyond the first of each event. */
  repeated: number;
  /** Of those, runs within one life of the process, which no kill explains. */
  unexplained: number;
  /** Events whose transactional effect is not exactly one. */
  wrongEffects: number;
  /** Rows that hold the same content as another. */
  doubled: number;
}

/** Sends, kills, restarts and compares. */
export async function runCampaign(options: CampaignOptions): Promise<Figures> {
  const out = mkdtempSync(join(ROOT, 'node_modules/.faults-'));
  const host = await new DataSource(options.database).initialize();
  try {
    await createTables(host);
    compile(out);
    const port = await freePort();
    const killer = new Killer(join(out, 'test/faults/app.js'), options, port);
    await killer.start();
    const acked = new Set<string>();
    const until = performance.now() + options.duration * 1000;
    const senders = Array.from({ length: SENDERS }, (_, n) => send(port, n, until, acked));
    await killer.killUntil(until);
    await Promise.all(senders);
    await killer.ensureRunning();
    options.onProgress(`${acked.size} acknowledged, ${killer.count} kills; waiting for listeners`);
    await drain(host);
    await killer.stop();
    return { ...(await compare(host, acked)), kills: killer.count };
  } finally {
    await host.destroy();
    rmSync(out, { recursive: true, force: true });
  }
}

/** The line by which a run is judged. */
export function lineOf(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}

/** Whether the promises held. */
export function isClean({
  lost,
  open,
  dead,
  unexplained,
  wrongEffects,
  doubled,
}: Figures): boolean {
  return lost + open + dead + unexplained + wrongEffects + doubled === 0;
}

function compile(out: string): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'test/faults', '--outDir', out], { cwd: ROOT });
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
}

async function createTables(host: DataSource): Promise<void> {
  const serial = {
    'better-sqlite3': 'integer PRIMARY KEY AUTOINCREMENT',
    postgres: 'serial PRIMARY KEY',
    mariadb: 'int AUTO_INCREMENT PRIMARY KEY',
  }[host.options.type as 'postgres'];
  await host.query(
    `CREATE TABLE fault_run (id ${serial}, callback_id varchar(36), attempt int, life int)`,
  );
  await host.query(`CREATE TABLE fault_effect (id ${serial}, callback_id varchar(36))`);
}

/** Keeps the application running, and kills it. */
class Killer {
  count = 0;
  private life = 0;
  private child: ChildProcess | undefined;

  constructor(
    private readonly program: string,
    private readonly options: CampaignOptions,
    private readonly port: number,
  ) {}

  async start(): Promise<void> {
    this.life++;
    const child = fork(this.program, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        FAULT_DATABASE: JSON.stringify(this.options.database),
        FAULT_KEY: KEY,
        FAULT_PORT: String(this.port),
        FAULT_LIFE: String(this.life),
      },
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', () => reject(new Error('the application did not start')));
    });
  }

  /** Spreads the kills over the time that is left. */
  async killUntil(until: number): Promise<void> {
    const pause = (until - performance.now()) / (this.options.kills + 1);
    while (this.count < this.options.kills && performance.now() < until) {
      await sleep(Math.max(pause * (0.5 + Math.random()), 50));
      await this.kill();
      await this.start();
      if (this.count % 10 === 0) this.options.onProgress(`${this.count} kills`);
    }
    await sleep(Math.max(0, until - performance.now()));
  }

  private async kill(): Promise<void> {
    const child = this.child as ChildProcess;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const point = POINTS[this.count % POINTS.length] as KillPoint;
    if (this.count++ % RANDOM_EVERY !== 0) {
      child.send(point);
      // The point may not be reached when nothing is left to do; then the kill comes from outside.
      await Promise.race([exited, sleep(2_000)]);
    }
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  }

  async ensureRunning(): Promise<void> {
    if (this.child?.exitCode !== null || this.child.signalCode !== null) await this.start();
  }

  async stop(): Promise<void> {
    const child = this.child as ChildProcess;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
}

/** Sends as CSS does: again and again until 200. Keeps the digest of every body that got it. */
async function send(port: number, n: number, until: number, acked: Set<string>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; performance.now() < until; i++) {
    const stream_id = `stream-${(n * 7 + i) % STREAMS}`;
    const callback =
      i % 2 === 0 ? streamPushCallback({ stream_id }) : screenshotCallback({ stream_id });
    const { body } = signCallback(callback, { key: KEY });
    while ((await post(port, agent, body)) !== 200) {
      // A process that is down refuses at once; give up only when the run is over.
      if (performance.now() > until + 30_000) return;
      await sleep(20);
    }
    acked.add(createHash('sha256').update(body).digest('hex'));
  }
  agent.destroy();
}

function post(port: number, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const sending = request(
      { port, host: '127.0.0.1', method: 'POST', path: '/live-callback', agent, headers },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', () => resolve(0));
      },
    );
    sending.once('error', () => resolve(0));
    sending.end(body);
  });
}

async function drain(host: DataSource): Promise<void> {
  const until = performance.now() + DRAIN_MS;
  while (performance.now() < until && (await countOf(host, PENDING)) > 0) await sleep(250);
}

const PENDING = "SELECT count(*) AS n FROM live_callback_delivery WHERE state = 'pending'";

async function compare(host: DataSource, acked: Set<string>): Promise<Omit<Figures, 'kills'>> {
  const rows = await host.query<{ body: string }[]>('SELECT body FROM live_callback');
  const stored = new Set(rows.map(({ body }) => createHash('sha256').update(body).digest('hex')));
  const runs = await countOf(host, 'SELECT count(*) AS n FROM fault_run');
  const events = await countOf(host, 'SELECT count(DISTINCT callback_id) AS n FROM fault_run');
  return {
    acked: acked.size,
    lost: [...acked].filter((digest) => !stored.has(digest)).length,
    open: await countOf(host, PENDING),
    dead: await countOf(
      host,
      "SELECT count(*) AS n FROM live_callback_delivery WHERE state = 'dead'",
    ),
    repeated: runs - events,
    unexplained: await countOf(
      host,
      `SELECT count(*) AS n FROM (
         SELECT callback_id FROM fault_run GROUP BY callback_id, life HAVING count(*) > 1) t`,
    ),
    wrongEffects: await countOf(
      host,
      `SELECT count(*) AS n FROM live_callback c WHERE c.kind = 'stream-push' AND (
         SELECT count(*) FROM fault_effect e WHERE e.callback_id = ${idAsText(host)}) <> 1`,
    ),
    doubled: rows.length - stored.size,
  };
}

function idAsText(host: DataSource): string {
  return host.options.type === 'postgres' ? 'c.id::text' : 'c.id';
}

async function countOf(host: DataSource, sql: string): Promise<number> {
  const [row] = await host.query<{ n: string | number }[]>(sql);
  return Number(row?.n);
}
