/** Group commit: what shares a batch, when a batch is sent, and who is told that it took too long. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { BatchLimits } from '../../src/storage/batch.limits.js';
import { BatchQueue } from '../../src/storage/batch.queue.js';
import type { StorageUnavailableError } from '../../src/storage/storage.error.js';

// Not faked with the others.
vi.mock('node:timers/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:timers/promises')>()),
  setTimeout: (delay: number, value?: unknown) =>
    new Promise((resolve) => setTimeout(resolve, delay, value)),
}));

const LIMITS: BatchLimits = {
  items: 4,
  weight: 100,
  waiting: 10,
  waitingWeight: 1_000,
  paceMs: 50,
  enough: 3,
  deadlineMs: 1_000,
};

/** A queue whose batches are written when the test says so. */
function newQueue(limits: Partial<BatchLimits> = {}) {
  const batches: string[][] = [];
  const pending: ((error?: Error) => void)[] = [];
  const queue = new BatchQueue<string, string>(
    (items) => {
      batches.push(items);
      return new Promise((resolve, reject) => {
        pending.push((error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`))));
      });
    },
    { ...LIMITS, ...limits },
  );
  return {
    queue,
    batches,
    finish: async (error?: Error) => {
      pending.shift()?.(error);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const turn = () => vi.advanceTimersByTimeAsync(0);

/** A queue whose batches fail when the test says so, and are then tried in halves. */
function failingQueue(givenUp?: () => void) {
  const batches: string[][] = [];
  let reject = (_error: Error) => {};
  const queue = new BatchQueue<string, string>(
    (items) => {
      batches.push(items);
      return new Promise((_, no) => (reject = no));
    },
    LIMITS,
    () => true,
    givenUp,
  );
  const fail = async () => {
    reject(new Error('bad row'));
    await turn();
  };
  return { queue, batches, fail };
}

/** All but what promises run on. */
const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'performance',
] as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...FAKED] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a batch', () => {
  it('holds what arrives in one turn, and answers each item with its own result', async () => {
    const { queue, batches, finish } = newQueue();
    const results = Promise.all([queue.add('a'), queue.add('b')]);
    await turn();
    expect(batches).toEqual([['a', 'b']]);
    await finish();
    expect(await results).toEqual(['a!', 'b!']);
  });

  it('is sent at once when none was for a while', async () => {
    const { queue, batches, finish } = newQueue();
    void queue.add('a');
    await turn();
    await finish();
    await vi.advanceTimersByTimeAsync(60);
    void queue.add('b');
    await turn();
    expect(batches).toEqual([['a'], ['b']]);
  });

  it('gathers for the pace after the one before was sent', async () => {
    const { queue, batches, finish } = newQueue();
    void queue.add('a');
    await turn();
    await finish();
    void queue.add('b');
    await vi.advanceTimersByTimeAsync(30);
    void queue.add('c');
    await turn();
    expect(batches).toEqual([['a']]);
    await vi.advanceTimersByTimeAsync(20);
    expect(batches).toEqual([['a'], ['b', 'c']]);
  });

  it('is sent before, as soon as there is enough in it', async () => {
    const { queue, batches, finish } = newQueue();
    void queue.add('a');
    await turn();
    await finish();
    for (const item of ['b', 'c']) void queue.add(item);
    await turn();
    expect(batches).toHaveLength(1);
    void queue.add('d');
    await turn();
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('gathers anew once a driver that works at once has written', async () => {
    const batches: string[][] = [];
    const queue = new BatchQueue<string, void>((items) => {
      batches.push(items);
      vi.advanceTimersByTime(40); // as long as the event loop is blocked
      return Promise.resolve(items.map(() => undefined));
    }, LIMITS);
    await Promise.all([queue.add('a'), turn()]);
    void queue.add('b');
    await vi.advanceTimersByTimeAsync(30);
    expect(batches).toEqual([['a']]);
    await vi.advanceTimersByTimeAsync(20);
    expect(batches).toEqual([['a'], ['b']]);
  });
});

describe('an item that waits too long', () => {
  it('is told so, on its way and before it, and those that came later are not', async () => {
    const { queue, finish } = newQueue();
    const told: string[] = [];
    const add = (item: string) =>
      queue.add(item).then(
        () => told.push(`${item} stored`),
        (error: StorageUnavailableError) => told.push(`${item} ${error.reason}`),
      );
    const writing = add('a');
    await turn();
    const waiting = add('b');
    await vi.advanceTimersByTimeAsync(600);
    const later = add('c');
    await vi.advanceTimersByTimeAsync(700);
    await Promise.all([writing, waiting]);
    expect(told).toEqual(['a storage-timeout', 'b storage-timeout']);
    await finish();
    await finish();
    await later;
    expect(told.at(-1)).toBe('c stored');
  });

  it('is not written, unless that had begun', async () => {
    const { queue, batches, finish } = newQueue();
    const late = Promise.allSettled([queue.add('a', 60), queue.add('b', 60)]);
    await turn();
    expect(batches).toEqual([['a']]);
    await vi.advanceTimersByTimeAsync(1_250);
    expect((await late).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = queue.add('c', 1_000);
    await finish();
    await turn();
    await finish();
    expect(await later).toBe('c!');
    expect(batches).toEqual([['a'], ['c']]);
  });

  it('is told of where it had begun, once, and is left out of the halves of a batch that failed', async () => {
    const givenUp = vi.fn<() => void>();
    const { queue, batches, fail } = failingQueue(givenUp);
    const late = Promise.allSettled([queue.add('a'), queue.add('b')]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await late).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(givenUp).toHaveBeenCalledTimes(1);
    await fail();
    expect(batches).toEqual([['a', 'b']]);
  });

  it('is left out of the second half, where it was given up while the first one was written', async () => {
    const { queue, batches, fail } = failingQueue();
    const late = Promise.allSettled(['a', 'b', 'c', 'd'].map((item) => queue.add(item)));
    await vi.advanceTimersByTimeAsync(900);
    await fail();
    await vi.advanceTimersByTimeAsync(500);
    await fail();
    await late;
    expect(batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ]);
  });

  it('is nobody where there is no deadline', async () => {
    const { queue, finish } = newQueue({ deadlineMs: Infinity });
    const result = queue.add('a');
    await vi.advanceTimersByTimeAsync(60_000);
    await finish();
    expect(await result).toBe('a!');
  });

  it('leaves no timer behind once nothing waits', async () => {
    const { queue, finish } = newQueue();
    const result = queue.add('a');
    await turn();
    await finish();
    await result;
    await queue.drained();
    expect(vi.getTimerCount()).toBe(0);
  });
});
