/** The lock by which processes that change keys take turns: who has it, and what a dead one leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { FileLock } from '../../../src/cloud/provisioning/file.lock.js';
import { thisProcess } from '../../../src/cloud/provisioning/lock.owner.js';
import { onTestFinished } from '../../support/current-test.js';
import { errorOf, scratchFolder } from './provisioning-support.js';

const TIMES = { waitMs: 300, silenceMs: 200 };

const scratchLock = () => join(scratchFolder(), 'keys.json.lock');

describe('a lock', () => {
  it('is had by one at a time, and its folder does not grow', async () => {
    const folder = scratchLock();
    let holders = 0;
    let most = 0;
    let runs = 0;
    const worker = async () => {
      for (let run = 0; run < 8; run++) {
        await new FileLock(folder).run(async () => {
          most = Math.max(most, ++holders);
          await delay(1);
          holders--;
          runs++;
        });
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect({ most, runs }).toEqual({ most: 1, runs: 32 });
    expect(readdirSync(folder).length).toBeLessThan(10);
  });

  it('comes free when the work fails', async () => {
    const lock = new FileLock(scratchLock(), TIMES);
    await expect(lock.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await lock.run(async () => 'done')).toBe('done');
  });

  it('of a process that lives is waited for, and then named', async () => {
    const folder = scratchLock();
    const first = new FileLock(folder);
    await first.run(async () => {
      const error = await errorOf(new FileLock(folder, TIMES).run(async () => {}));
      expect(error.reason).toBe('blocked');
      expect(error.message).toContain(`process ${process.pid} on `);
    });
  });

  it('of a process that is dead, or of an earlier one with its id, is taken at once', async () => {
    const folder = scratchLock();
    await new FileLock(folder).run(async () => {});
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    await once(child, 'exit');
    const owners = [
      { ...thisProcess(), pid: child.pid },
      { ...thisProcess(), started: '1' },
    ];
    for (const [index, owner] of owners.entries()) {
      writeFileSync(join(folder, String(2 + 2 * index)), JSON.stringify(owner));
      expect(
        await new FileLock(folder, { waitMs: 0, silenceMs: 60_000 }).run(async () => 'done'),
      ).toBe('done');
    }
  });

  it.each([
    ['of another machine', JSON.stringify({ ...thisProcess(), machine: 'elsewhere' })],
    ['that is half-written', ''],
  ])('%s is taken when it gives no sign of life, and not before', async (_name, text) => {
    const folder = scratchLock();
    await new FileLock(folder).run(async () => {});
    const path = join(folder, '2');
    writeFileSync(path, text);
    const heartbeat = setInterval(() => utimesSync(path, new Date(), new Date()), 20);
    onTestFinished(() => clearInterval(heartbeat));
    const error = await errorOf(
      new FileLock(folder, { waitMs: 600, silenceMs: 400 }).run(async () => {}),
    );
    expect(error.reason).toBe('blocked');
    clearInterval(heartbeat);
    const patient = new FileLock(folder, { waitMs: 10_000, silenceMs: 100 });
    expect(await patient.run(async () => 'done')).toBe('done');
  });
});
