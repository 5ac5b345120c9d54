import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { DeliveryDispatcher } from '../../src/delivery/delivery.dispatcher.js';
import type { ListenerGate } from '../../src/delivery/listener.gate.js';
import type { HandOver } from '../../src/delivery/hand-over.js';
import type { LeaseKeeper } from '../../src/delivery/lease.keeper.js';
import type { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { TimeScale } from '../../src/common/time-scale.js';
import { DeliveryPoller } from '../../src/delivery/delivery.poller.js';
import type { ListenerRegistry } from '../../src/delivery/listeners/listener.registry.js';

const SECOND = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A poller whose claim takes as long as it is told to answer. */
function pollerOf(
  secondsPerClaim: number[],
  {
    ids = ['listener'],
    claim: given,
    read = () => Promise.resolve(),
  }: { ids?: string[]; claim?: unknown; read?: () => Promise<void> } = {},
) {
  const claim = vi.fn<() => Promise<unknown>>(async () => {
    const seconds = secondsPerClaim.shift() ?? 0;
    await new Promise((resolve) => setTimeout(resolve, seconds * SECOND));
    return { claimed: [], cut: new Set(), contested: [], hasMore: false };
  });
  const renew = vi.fn<() => Promise<readonly never[]>>(() => Promise.resolve([]));
  const poller = new DeliveryPoller(
    { ids } as unknown as ListenerRegistry,
    { roomOf: () => 1 } as unknown as DeliveryDispatcher,
    { claim: given ?? claim } as unknown as HandOver,
    { read } as unknown as ListenerGate,
    { renew } as unknown as LeaseKeeper,
    new TimeScale(),
    { name: 'default' } as LiveCallbackConfig,
  );
  return { poller, claim, renew };
}

it('a poll that takes longer than several intervals is not the last one', async () => {
  const { poller, claim } = pollerOf([5]);
  poller.start();
  await vi.advanceTimersByTimeAsync(5 * SECOND);
  expect(claim).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(4 * SECOND);
  expect(claim.mock.calls.length).toBeGreaterThan(3);
  await poller.stop();
});

it('being woken while a poll runs makes one further poll at once, however often', async () => {
  const { poller, claim } = pollerOf([2]);
  poller.start();
  await vi.advanceTimersByTimeAsync(SECOND);
  for (let i = 0; i < 100; i++) poller.wake();
  await vi.advanceTimersByTimeAsync(SECOND + 1);
  expect(claim).toHaveBeenCalledTimes(2);
  await poller.stop();
});

it('after it was stopped it polls no more', async () => {
  const { poller, claim } = pollerOf([0]);
  poller.start();
  await vi.advanceTimersByTimeAsync(10);
  await poller.stop();
  poller.wake();
  await vi.advanceTimersByTimeAsync(10 * SECOND);
  expect(claim).toHaveBeenCalledTimes(1);
});

it('who fills an answer with what is old is asked for again after all others', async () => {
  const answers = [
    { claimed: [{ delivery: { listener: 'busy' } }], contested: [], hasMore: true },
    { claimed: [{ delivery: { listener: 'quiet' } }], contested: [], hasMore: false },
  ];
  const claim = vi.fn<(among: { listeners: readonly string[] }) => Promise<unknown>>(async () => {
    return answers.shift() ?? { claimed: [], contested: [], hasMore: false };
  });
  const read = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const { poller } = pollerOf([], { ids: ['busy', 'quiet'], claim, read });
  poller.start();
  await vi.advanceTimersByTimeAsync(10);
  const asked = claim.mock.calls.map(([{ listeners }]) => listeners);
  expect(asked).toEqual([['busy', 'quiet'], ['quiet'], ['busy', 'quiet']]);
  // What is paused on another node is heard of between the steps of a backlog.
  expect(read).toHaveBeenCalledTimes(3);
  await poller.stop();
});
