/** Refused requests are written once a second, however many come and however long a write takes. */
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import type { LiveCallbackRejection } from '../../src/storage/entities/index.js';
import type { RejectionStore } from '../../src/storage/rejection.store.js';

const WRITE_MS = 12;
const NOON = new Date('2026-11-28T12:00:00Z');

function newRecorder() {
  const written: number[] = [];
  const record = async (rows: readonly LiveCallbackRejection[]) => {
    written.push(rows.reduce((sum, { count }) => sum + count, 0));
    await new Promise((resolve) => setTimeout(resolve, WRITE_MS));
  };
  const recorder = new RejectionRecorder(
    { record } as RejectionStore,
    { name: 'default' } as LiveCallbackConfig,
  );
  const refuse = () =>
    recorder.record({ reason: 'sign-mismatch', remoteAddress: '192.0.2.1', excerpt: () => null });
  return { recorder, refuse, written };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a flood of refusals is one write a second', async () => {
  const { refuse, written } = newRecorder();
  for (let ms = 0; ms < 3_100; ms++) {
    refuse();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(written).toHaveLength(3);
});

it('what comes during a write is written too, a second later and without another refusal', async () => {
  const { refuse, written } = newRecorder();
  refuse();
  await vi.advanceTimersByTimeAsync(1_000 + WRITE_MS / 2);
  refuse();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([1, 2]);
});

it('a flush writes what is left behind the write that runs', async () => {
  const { recorder, refuse, written } = newRecorder();
  refuse();
  const first = recorder.flush();
  await vi.advanceTimersByTimeAsync(1);
  refuse();
  const second = recorder.flush();
  await vi.advanceTimersByTimeAsync(2 * WRITE_MS);
  await Promise.all([first, second]);
  expect(written).toEqual([1, 2]);
});

it('a reason is said once a minute, whatever the address', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const { recorder } = newRecorder();
  const refuseAll = () => {
    for (let n = 0; n < 500; n++) {
      for (const reason of ['sign-mismatch', 'expired']) {
        recorder.record({ reason, remoteAddress: `192.0.2.${n % 250}`, excerpt: () => null });
      }
    }
  };
  refuseAll();
  await vi.advanceTimersByTimeAsync(59_000);
  refuseAll();
  expect(warn).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(2_000);
  refuseAll();
  expect(warn).toHaveBeenCalledTimes(4);
  warn.mockRestore();
});
