/**
 * Listeners at their worst: they throw what is no Error, never return, return when nobody waits any
 * more. Each has a defined outcome, and others go on.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import {
  LiveCallbackAuditService,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventContext,
  type OnLiveEventOptions,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
} from '../support/scratch.js';

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });

async function deliveriesOf({ app }: Host) {
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  const { items } = await audit.find({ limit: 1 });
  return (await audit.get(items[0]!.id))!.deliveries;
}

describe('a listener that throws', () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const silent = Object.freeze(Object.assign(new Error('x'), { message: '' }));
  const throwing = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no');
    },
  });

  it.each<[string, () => unknown, string]>([
    ['undefined', () => undefined, 'undefined'],
    ['null', () => null, 'null'],
    ['a number', () => Number.NaN, 'NaN'],
    ['a symbol', () => Symbol('why'), 'Symbol(why)'],
    ['a function', () => Math.max, 'function max() { [native code] }'],
    ['a frozen Error without a message', () => silent, 'Error: '],
    ['an Error whose message throws', () => throwing, 'a value that cannot be shown as text'],
    ['a revoked Proxy', revoked, 'a value that cannot be shown as text'],
  ])('%s, at once or later, is tried again and becomes a dead letter', async (_, value, text) => {
    class Throwing {
      @OnLiveEvent('stream-push', { id: 'at once', attempts: 2, backoffMs: 1 })
      atOnce() {
        throw value();
      }

      @OnLiveEvent('stream-push', { id: 'later', attempts: 2, backoffMs: 1 })
      async later() {
        await sleep(1);
        throw value();
      }
    }
    const host = await scratchHost({ module: { providers: [Throwing] } });
    expect((await host.send(push())).status).toBe(200);
    await vi.waitFor(async () => {
      await whenListenersDone(host.app);
      const dead = { state: 'dead', attempts: 2 };
      expect(await deliveriesOf(host)).toMatchObject([dead, dead]);
    }, 5_000);
    const errors = (await deliveriesOf(host)).map(({ lastError }) => lastError);
    expect(errors).toEqual([text, text]);
  });
});

describe.each(FEATURE_DATABASES)('with $name, a listener', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)(
    'that never returns is told so, tried again, and given up; what it returns in the end is ignored',
    async () => {
      const aborted: number[] = [];
      const releases: (() => void)[] = [];
      class Hung {
        @OnLiveEvent('stream-push', { id: 'hung', attempts: 2, backoffMs: 1, timeoutMs: 150 })
        onPush({ attempt }: LiveEvent, { signal }: LiveEventContext) {
          signal.addEventListener('abort', () => aborted.push(attempt));
          return new Promise<void>((resolve) => releases.push(resolve));
        }
      }
      const database = await scratchDatabase(create);
      const host = await scratchHost({ database, module: { providers: [Hung] } });
      expect((await host.send(push())).status).toBe(200);
      const dead = {
        state: 'dead',
        attempts: 2,
        lastError: 'ListenerTimeoutError: The listener did not end within 150 ms',
      };
      await vi.waitFor(async () => expect(await deliveriesOf(host)).toMatchObject([dead]), 5_000);
      expect(aborted).toEqual([1, 2]);
      for (const release of releases) release();
      await whenListenersDone(host.app);
      expect(await deliveriesOf(host)).toMatchObject([dead]);
    },
  );

  it.skipIf(isAbsent)(
    'that returns after another node took its delivery is told so, and its result is ignored',
    async () => {
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const aborted: boolean[] = [];
      let begin = () => {};
      const begun = new Promise<void>((resolve) => (begin = resolve));
      class Late {
        @OnLiveEvent('stream-push', { id: 'late' })
        onPush(_event: LiveEvent, { signal }: LiveEventContext) {
          begin();
          signal.addEventListener('abort', () => aborted.push(true));
          return gate;
        }
      }
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const module = { providers: [Late] };
      const host = await scratchHost({ database, module, options: HURRIED });
      expect((await host.send(push())).status).toBe(200);
      await begun;
      const theirs =
        "lease_owner = 'another', lease_until = 9999999999999, fence = 2, attempts = 2";
      await operator.query(`UPDATE live_callback_delivery SET ${theirs}`);
      await vi.waitFor(() => expect(aborted).toEqual([true]), 10_000);
      release();
      await whenListenersDone(host.app);
      const [row] = await operator.query<object[]>(
        'SELECT state, lease_owner, fence, attempts FROM live_callback_delivery',
      );
      expect(row).toEqual({ state: 'pending', lease_owner: 'another', fence: 2, attempts: 2 });
    },
  );
});

describe('a start is refused when a listener', () => {
  it.each<[string, object, string]>([
    ['sets how long a lease is', { leaseMs: 1 }, 'has the unknown option "leaseMs"'],
    ['has a timeout of nothing', { timeoutMs: 0 }, 'timeoutMs must be an integer from 1 to'],
    ['has a timeout without end', { timeoutMs: Infinity }, 'timeoutMs must be an integer'],
    ['has a timeout over an hour', { timeoutMs: 3_600_001 }, 'timeoutMs must be an integer'],
    ['has a timeout as text', { timeoutMs: '30s' }, 'timeoutMs must be an integer'],
    ['has no attempt', { attempts: 0 }, 'attempts must be an integer from 1 to 100'],
    ['has half an attempt', { attempts: 1.5 }, 'attempts must be an integer'],
    ['has a negative pause', { backoffMs: -1 }, 'backoffMs must be an integer from 0 to'],
    ['runs nothing at a time', { concurrency: 0 }, 'concurrency must be an integer from 1 to'],
    ['has an order of its own', { order: 'random' }, "order must be 'stream' or 'none'"],
    ['is transactional in words', { transactional: 'yes' }, 'transactional must be true or false'],
  ])('%s', async (_, options, message) => {
    class Wrong {
      @OnLiveEvent('stream-push', options as OnLiveEventOptions)
      onPush() {}
    }
    const error = await errorOfStart(scratchHost({ module: { providers: [Wrong] } }));
    expect(error.name).toBe('ListenerError');
    expect(error.message).toContain('@OnLiveEvent on Wrong.onPush');
    expect(error.message).toContain(message);
  });
});
