/**
 * Virtual time: timers in order, work waited for, work that hangs let go; and hours of callbacks
 * against a real receiver in seconds.
 */
import { once } from 'node:events';

import { describe, expect, it, onTestFinished } from 'vitest';

import { CssEmulator, fixedTarget, SystemClock, VirtualClock } from '../../src/emulator/index.js';
import { KEY } from '../support/application.js';
import { startReceiver } from '../support/callback-receiver.js';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the virtual clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new VirtualClock({ startAt: 1_700_000_000_000 });
    let hasRun = false;
    clock.setTimeout(() => {
      hasRun = true;
    }, 0);
    await tick();
    expect([clock.now(), hasRun]).toEqual([1_700_000_000_000, false]);
    await clock.advance(0);
    expect([clock.now(), hasRun]).toEqual([1_700_000_000_000, true]);
    await clock.advance(250);
    expect(clock.now()).toBe(1_700_000_000_250);
  });

  it('runs timers in the order of time, equal ones in the order in which they were set', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} at ${clock.now()}`);
    clock.setTimeout(note('late'), 300);
    clock.setTimeout(note('first'), 100);
    clock.setTimeout(note('second'), 100);
    clock.setTimeout(note('beyond'), 301);
    clock.setTimeout(note('overdue'), -5);
    await clock.advance(300);
    expect(seen).toEqual(['overdue at 0', 'first at 100', 'second at 100', 'late at 300']);
  });

  it('runs what timers set for the same stretch of time', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.now());
      clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('does not run what was taken back', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const cancel = clock.setTimeout(() => void seen.push('ran'), 10);
    cancel();
    await clock.advance(20);
    expect(seen).toEqual([]);
  });

  it('waits for the work of a timer before time goes on', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    const seen: string[] = [];
    clock.setTimeout(async () => {
      await tick();
      await tick();
      seen.push(`worked at ${clock.now()}`);
    }, 10);
    clock.setTimeout(() => void seen.push('next'), 20);
    await clock.advance(20);
    expect(seen).toEqual(['worked at 10', 'next']);
  });

  it('lets work go that hangs, and the time with it', async () => {
    const clock = new VirtualClock({ startAt: 0, patienceMs: 5 });
    clock.setTimeout(() => new Promise<void>(() => {}), 10);
    await clock.advance(20);
    expect(clock.now()).toBe(20);
  });

  it('hands on the error of the work, and works on', async () => {
    const clock = new VirtualClock({ startAt: 0 });
    clock.setTimeout(() => Promise.reject(new Error('broken')), 10);
    await expect(clock.advance(20)).rejects.toThrow('broken');
    expect(clock.now()).toBe(10);
    await clock.advance(10);
    expect(clock.now()).toBe(20);
  });

  it('makes an error loud that comes after its patience', async () => {
    const clock = new VirtualClock({ startAt: 0, patienceMs: 1 });
    let fail!: (error: Error) => void;
    clock.setTimeout(() => new Promise<void>((_, reject) => void (fail = reject)), 0);
    await clock.advance(1);
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    onTestFinished(() => {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    });
    const loud = once(process, 'unhandledRejection');
    fail(new Error('too late'));
    expect(((await loud)[0] as Error).message).toBe('too late');
  });

  it('is advanced by one at a time, and forward', async () => {
    const clock = new VirtualClock();
    clock.setTimeout(tick, 1);
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow('await the other call first');
    await first;
    await expect(clock.advance(-1)).rejects.toThrow('Time goes forward only: advance(-1).');
    await expect(clock.advance(Number.NaN)).rejects.toThrow('Time goes forward only');
  });
});

it('the system clock is the time of the machine', async () => {
  const clock = new SystemClock();
  const before = Date.now();
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  const seen: string[] = [];
  clock.setTimeout(() => void seen.push('cancelled'), 1)();
  await new Promise<void>((resolve) => {
    clock.setTimeout(() => {
      seen.push('ran');
      resolve();
    }, 2);
  });
  expect(seen).toEqual(['ran']);
});

it('plays a broadcast of three hours with a picture every ten seconds', async () => {
  const clock = new VirtualClock({ startAt: Date.UTC(2026, 0, 1) });
  const receiver = await startReceiver();
  const directory = fixedTarget({ key: KEY, baseUrl: receiver.url });
  const emulator = new CssEmulator({ directory, clock });
  const stream = emulator.pushStream({
    domain: 'push.example.com',
    streamName: 'room',
    screenshots: { intervalMs: 10_000, hitEvery: 100 },
    record: { format: 'mp4', sliceMs: 1_800_000 },
  });
  await clock.advance(3 * 3_600_000);
  stream.interrupt();
  await clock.advance(60_000);

  const counts: Record<string, number> = {};
  for (const { kind, isAcknowledged } of emulator.attempts()) {
    expect(isAcknowledged).toBe(true);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  expect(counts).toEqual({
    'stream-push': 1,
    'record-status': 2,
    screenshot: 1_080,
    'image-audit': 10,
    'record-file': 6,
    'stream-interrupt': 1,
  });
  expect(new Set(receiver.requests.map(({ payload }) => payload['pic_url'])).size).toBe(1_081);
  const interruption = receiver.requests.find(({ url }) => url === '/stream-interrupt');
  expect(interruption?.payload['push_duration']).toBe('10800000');
});
