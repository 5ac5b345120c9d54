/** Strangers that have neither key nor token keep no genuine callback out, however they send. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { describe, expect, inject, it, onTestFinished } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { freePort } from '../support/free-port.js';

const FLOODS = ['nearly whole bodies', 'bodies of one byte', 'wide bodies'] as const;
const ADAPTERS = ['express', 'fastify'] as const;
const SECONDS = 6;
const PER_SECOND = 20;
const LONGEST_MS = 2_000;
const MORE_MEMORY_MB = 64;

const file = (name: string) => fileURLToPath(new URL(`floods/${name}`, import.meta.url));

function start(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Resident memory of a process, MB. */
function memoryOf({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) / 1024;
}

/** Floods a port and runs work meanwhile. @returns by how much the memory of a process grew at most, MB */
async function flooded(
  kind: string,
  port: number,
  child: ChildProcess,
  work: () => Promise<void>,
): Promise<number> {
  const before = memoryOf(child);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, memoryOf(child))), 100);
  const flood = new Worker(file('flood.worker.mjs'), { workerData: { port, kind } });
  await sleep(1_500);
  await work();
  clearInterval(watch);
  const ended = new Promise((resolve) => flood.once('exit', resolve));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  flood.postMessage('end');
  await ended;
  return most - before;
}

/** Sends genuine callbacks at their rate. @returns those that were not answered 200 in time */
async function genuine(url: string): Promise<string[]> {
  const answers: Promise<string>[] = [];
  for (let n = 0; n < SECONDS * PER_SECOND; n++) {
    answers.push(answerTo(url));
    await sleep(1_000 / PER_SECOND);
  }
  return (await Promise.all(answers)).filter((answer) => answer !== 'in time');
}

async function answerTo(url: string): Promise<string> {
  const began = performance.now();
  try {
    const { headers, body } = signCallback(streamPushCallback(), { key: KEY });
    const { status } = await fetch(url, { method: 'POST', headers, body });
    const ms = Math.round(performance.now() - began);
    return status === 200 && ms < LONGEST_MS ? 'in time' : `${status} after ${ms} ms`;
  } catch (error) {
    return String(error);
  }
}

// Answers are timed, so that nothing else may run beside it: TIMED=1, as in .ci/full.
describe.skipIf(!process.env['TIMED']).each(ADAPTERS)('on %s', (adapter) => {
  it.each(FLOODS)('every genuine callback is answered beside %s', async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'live-callback-flood-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const receiver = start([inject('builtPackage').app], {
      PORT: String(port),
      HOST: '127.0.0.1',
      HTTP_ADAPTER: adapter,
      LIVE_CALLBACK_KEYS: KEY,
      DATABASE_URL: `sqlite:${join(folder, 'live.db')}`,
    });
    let log = '';
    for (const stream of [receiver.stdout, receiver.stderr]) {
      stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    }
    const url = `http://127.0.0.1:${port}/live-callback`;
    await expect.poll(() => answerTo(url), { timeout: 30_000 }).toBe('in time');
    let late: string[] = [];
    const grown = await flooded(kind, port, receiver, async () => void (late = await genuine(url)));
    expect(late).toEqual([]);

    const empty = start([file('empty.server.mjs'), adapter]);
    const emptyPort = await new Promise<number>((resolve) => {
      empty.stdout!.on('data', (text: Buffer) => resolve(Number(/\d+/.exec(text.toString())?.[0])));
    });
    const grownEmpty = await flooded(kind, emptyPort, empty, () => sleep(SECONDS * 1_000));
    expect(grown - grownEmpty).toBeLessThan(MORE_MEMORY_MB);

    const refused = log.split('\n').filter((line) => line.includes('Refused: '));
    const reasons = refused.map((line) => /Refused: ([\w-]+)/.exec(line)?.[1]);
    expect(reasons).toEqual([...new Set(reasons)]);
  });
});
