/**
 * Listeners that block or end the process that they run in, under a supervisor that starts it again.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { OnLiveEvent, type LiveEvent } from '../../src/index.js';
import {
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
} from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { compileProgram, type CompiledProgram } from '../support/compiled-program.js';
import { freePort } from '../support/free-port.js';
import { fileOf, scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';
import type { HostileSettings } from './hostile-process/app.js';

describe('a listener in a process of its own', () => {
  let program: CompiledProgram;

  beforeAll(() => {
    program = compileProgram('test/delivery/hostile-process');
  });

  afterAll(() => program.remove());

  /** Starts the application again whenever it ends, as a supervisor does. */
  async function supervise() {
    const options = await scratchDatabase();
    const operator = await scratchConnection(options);
    const journal = `${fileOf(options)}.journal`;
    const settings: HostileSettings = {
      database: { type: 'better-sqlite3', database: fileOf(options) },
      key: KEY,
      port: await freePort(),
      journal,
    };
    const exits: (number | string)[] = [];
    let child: ChildProcess | undefined;
    let isOver = false;
    const start = async (): Promise<void> => {
      child = fork(program.path, {
        // A small heap, so that it is soon exhausted.
        execArgv: ['--max-old-space-size=80'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: { PATH: process.env['PATH'], HOSTILE_SETTINGS: JSON.stringify(settings) },
      });
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
      void restartAfter(exited);
      await Promise.race([once(child, 'message'), exited]);
    };
    const restartAfter = async (exited: Promise<[number | null, string | null]>) => {
      const [code, signal] = await exited;
      if (isOver) return;
      exits.push(signal ?? code ?? -1);
      // As after 8 s: the leases of a process that ended run out.
      await operator.query(
        'UPDATE live_callback_delivery SET lease_until = 1 WHERE lease_owner IS NOT NULL',
      );
      await start();
    };
    onTestFinished(() => {
      isOver = true;
      child?.kill('SIGKILL');
    });
    await start();
    return {
      options,
      operator,
      exits,
      kill: () => child?.kill('SIGKILL'),
      /** Again and again until it is acknowledged, as CSS does. */
      send: async (callback: object): Promise<void> => {
        const { headers, body } = signCallback(callback, { key: KEY });
        const url = `http://127.0.0.1:${settings.port}/live-callback`;
        for (;;) {
          const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
          if (answer?.status === 200) return;
          await sleep(50);
        }
      },
      runs: (line: string) =>
        existsSync(journal)
          ? readFileSync(journal, 'utf8')
              .split('\n')
              .filter((one) => one === line).length
          : 0,
      deliveries: async (): Promise<Record<string, { state: string; attempts: number }>> => {
        const rows = await operator.query<
          { name: string; state: string; attempts: number; last_error: string | null }[]
        >(
          `SELECT d.listener || ' ' || c.stream_name || ' ' || coalesce(c.sequence, '') AS name,
             d.state, d.attempts, d.last_error
           FROM live_callback_delivery d JOIN live_callback c ON c.id = d.callback_id`,
        );
        return Object.fromEntries(rows.map(({ name, ...row }) => [name, row]));
      },
    };
  }

  it('that ends the process, by exit, memory or a stray error, is given up; all others go on', async () => {
    const { send, deliveries, exits, runs } = await supervise();
    for (const stream of ['a', 'b', 'c']) {
      await send(streamPushCallback({ stream_id: stream, sequence: '1' }));
    }
    await Promise.all([
      send(streamPushCallback({ stream_id: 'memory', sequence: '1' })),
      send(streamInterruptCallback({ stream_id: 'exit', sequence: '1' })),
      send(streamInterruptCallback({ stream_id: 'timer', sequence: '1' })),
      ...['a', 'b', 'c', 'd'].map((stream) =>
        send(streamPushCallback({ stream_id: stream, sequence: '2' })),
      ),
    ]);
    await send(streamInterruptCallback({ stream_id: 'quiet', sequence: '3' }));
    await vi.waitFor(
      async () => {
        const open = Object.values(await deliveries()).filter(({ state }) => state === 'pending');
        expect(open).toEqual([]);
      },
      { timeout: 60_000, interval: 200 },
    );
    const hostile = ['hostile memory 1', 'twice exit 1', 'twice timer 1'];
    const all = Object.entries(await deliveries());
    const innocent = all.filter(([name]) => !hostile.includes(name));
    expect(all.filter(([name]) => hostile.includes(name)).map(([, delivery]) => delivery)).toEqual(
      hostile.map(() =>
        expect.objectContaining({
          state: 'dead',
          last_error: 'The process ended during each attempt',
        }),
      ),
    );
    expect(innocent.length).toBeGreaterThan(10);
    expect(innocent.filter(([, { state }]) => state !== 'done')).toEqual([]);
    expect(runs('hostile memory 1')).toBeLessThanOrEqual(5);
    expect(runs('twice exit 1')).toBeLessThanOrEqual(2);
    expect(exits.length).toBeGreaterThanOrEqual(5);
    expect(exits.length).toBeLessThanOrEqual(9);
    expect(exits).toContain(7);
    expect(exits).toContain('SIGABRT');
  }, 90_000);

  it('that has one attempt has not lost it by waiting in a process that was killed', async () => {
    const { send, deliveries, kill, runs, exits } = await supervise();
    await send(screenshotCallback({ stream_id: 'a', width: 1 }));
    await vi.waitFor(() => expect(runs('once a ')).toBe(1), 5_000);
    await send(screenshotCallback({ stream_id: 'b', width: 1 }));
    await send(screenshotCallback({ stream_id: 'b', width: 2 }));
    await vi.waitFor(() => expect(runs('once b ')).toBe(1), 5_000);
    kill();
    await vi.waitFor(() => expect(runs('once b ')).toBe(2), 20_000);
    await vi.waitFor(async () => {
      const open = Object.values(await deliveries()).filter(({ state }) => state === 'pending');
      expect(open).toEqual([]);
    }, 10_000);
    expect(exits).toEqual(['SIGKILL']);
    expect(runs('once a ')).toBe(1);
    expect((await deliveries())['once a ']).toMatchObject({ state: 'dead' });
    expect((await deliveries())['once b ']).toMatchObject({ state: 'done', attempts: 1 });
  }, 60_000);

  it('that blocks the process for longer than its lease has lost its delivery to another node', async () => {
    const { options, operator, send, runs } = await supervise();
    const seen: number[] = [];
    class Other {
      @OnLiveEvent('stream-push', { id: 'hostile' })
      onPush({ attempt }: LiveEvent) {
        seen.push(attempt);
      }
    }
    await scratchHost({ database: options, module: { providers: [Other] } });
    await send(streamPushCallback({ stream_id: 'block', sequence: '1' }));
    await vi.waitFor(() => expect(runs('hostile block 1')).toBe(1), 5_000);
    // As after 8 s: nobody has renewed it.
    await operator.query(
      "UPDATE live_callback_delivery SET lease_until = 1 WHERE state = 'pending'",
    );
    await vi.waitFor(() => expect(seen).toEqual([2]), 4_000);
    await send(streamPushCallback({ stream_id: 'free', sequence: '1' })); // it answers again
    await vi.waitFor(() => expect(runs('hostile free 1')).toBe(1), 10_000);
    const [row] = await operator.query<object[]>(
      `SELECT d.state, d.fence, d.attempts, d.last_error FROM live_callback_delivery d
       JOIN live_callback c ON c.id = d.callback_id
       WHERE d.listener = 'hostile' AND c.stream_name = 'block'`,
    );
    expect(row).toEqual({ state: 'done', fence: 2, attempts: 2, last_error: null });
  }, 60_000);
});
