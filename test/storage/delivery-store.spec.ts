import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { DeliveryStore } from '../../src/storage/delivery.store.js';
import { TimeScale } from '../../src/common/time-scale.js';
import type { DeliveryOutcome } from '../../src/storage/delivery.lease.js';

const outcome = (callbackId: string, state: DeliveryOutcome['state']): DeliveryOutcome => ({
  callbackId,
  listener: 'plain',
  fence: 1,
  state,
  error: null,
  durationMs: 0,
  retryInMs: 0,
});

describe('an outcome that could not be recorded', () => {
  it('does not take the place of a later one when it is said again', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    onTestFinished(() => error.mockRestore());
    let release = () => {};
    const settle = vi
      .fn<(outcomes: readonly DeliveryOutcome[]) => Promise<void>>()
      .mockRejectedValueOnce(new Error('the database is away'))
      .mockReturnValueOnce(new Promise((resolve) => (release = resolve)))
      .mockResolvedValue();
    const ledger = new DeliveryStore(
      { isOpen: true, writer: { settle, isRowFault: () => false } } as unknown as CallbackDatabase,
      undefined as never,
      new TimeScale(10),
    );
    const failed = ledger.settle(outcome('a', 'pending'));
    await vi.waitFor(() => expect(error).toHaveBeenCalledOnce());
    // While another batch is written, the next attempt succeeds and the first one comes again.
    const other = ledger.settle(outcome('b', 'done'));
    await vi.waitFor(() => expect(settle).toHaveBeenCalledTimes(2));
    const succeeded = ledger.settle(outcome('a', 'done'));
    // Longer than it waits before it says it again.
    await sleep(150);
    release();
    await Promise.all([failed, other, succeeded]);
    expect(settle.mock.calls.slice(2).flat(2)).toContainEqual(outcome('a', 'done'));
  });
});
