import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import {
  DeliverySweeper,
  type DeliveryLedger,
  type ListenerRegistry,
  type LiveEventDispatcher,
} from '../../src/bus/index.js';

const SECOND = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A sweeper whose ledger takes as long as it is told to answer. */
function sweeperOf(secondsPerClaim: number[]) {
  const claim = vi.fn<() => Promise<unknown>>(async () => {
    const seconds = secondsPerClaim.shift() ?? 0;
    await new Promise((resolve) => setTimeout(resolve, seconds * SECOND));
    return { claimed: [], hasMore: false };
  });
  const renew = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const sweeper = new DeliverySweeper(
    { claim } as unknown as DeliveryLedger,
    { ids: ['listener'] } as unknown as ListenerRegistry,
    {
      renew,
      roomOf: () => 1,
      inOrder: (step: () => Promise<unknown>) => step(),
    } as unknown as LiveEventDispatcher,
  );
  return { sweeper, claim, renew };
}

it('a sweep that takes longer than several intervals is not the last one', async () => {
  const { sweeper, claim } = sweeperOf([5]);
  sweeper.start();
  await vi.advanceTimersByTimeAsync(5 * SECOND);
  expect(claim).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(4 * SECOND);
  expect(claim.mock.calls.length).toBeGreaterThan(3);
  await sweeper.stop();
});

it('being woken while a sweep runs makes one further sweep at once, however often', async () => {
  const { sweeper, claim } = sweeperOf([2]);
  sweeper.start();
  await vi.advanceTimersByTimeAsync(SECOND);
  for (let i = 0; i < 100; i++) sweeper.wake();
  await vi.advanceTimersByTimeAsync(SECOND + 1);
  expect(claim).toHaveBeenCalledTimes(2);
  await sweeper.stop();
});

it('after it was stopped it sweeps no more', async () => {
  const { sweeper, claim } = sweeperOf([0]);
  sweeper.start();
  await vi.advanceTimersByTimeAsync(10);
  await sweeper.stop();
  sweeper.wake();
  await vi.advanceTimersByTimeAsync(10 * SECOND);
  expect(claim).toHaveBeenCalledTimes(1);
});
