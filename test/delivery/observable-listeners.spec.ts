/**
 * Handlers that return an Observable, as Nest handlers may: nothing is done before it has completed.
 */
import { Injectable } from '@nestjs/common';
import { concat, defer, ignoreElements, NEVER, Observable, of, throwError, timer } from 'rxjs';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  LiveEventBus,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventContext,
} from '../../src/index.js';
import {
  liveEventOf,
  screenshotCallback,
  signCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';

const audit = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });
const busOf = ({ app }: Host) => app.get(LiveEventBus, { strict: false });

async function sendOne(host: Host): Promise<void> {
  const answer = await host.send(signCallback(screenshotCallback(), { key: KEY }));
  expect(answer).toMatchObject({ status: 200, text: '{"code":0}' });
  await whenListenersDone(host.app);
}

async function deliveries(host: Host) {
  const { items } = await audit(host).find({ limit: 1 });
  return (await audit(host).get(items[0]!.id))!.deliveries;
}

/** Emits after a while, and does its work only when it is subscribed. */
const work = (seen: string[]) =>
  concat(
    of('first'),
    timer(20).pipe(ignoreElements()),
    defer(() => {
      seen.push('worked');
      return of('last');
    }),
  );

describe.each([
  ['an Observable', (returned: Observable<unknown>): unknown => returned],
  ['a promise of an Observable', async (returned: Observable<unknown>) => returned],
])('a listener that returns %s', (_case, wrap) => {
  it('is done when it has completed', async () => {
    const seen: string[] = [];
    class Posting {
      @OnLiveEvent('screenshot')
      on() {
        return wrap(work(seen));
      }
    }
    const host = await scratchHost({ module: { providers: [Posting] } });
    await sendOne(host);
    expect(seen).toEqual(['worked']);
    expect(await deliveries(host)).toMatchObject([{ state: 'done', attempts: 1 }]);
  });

  it('is done when it completes without a value', async () => {
    const seen: string[] = [];
    class Empty {
      @OnLiveEvent('screenshot')
      on() {
        return wrap(work(seen).pipe(ignoreElements()));
      }
    }
    const host = await scratchHost({ module: { providers: [Empty] } });
    await sendOne(host);
    expect(seen).toEqual(['worked']);
    expect(await deliveries(host)).toMatchObject([{ state: 'done', lastError: null }]);
  });

  it('has failed when it ends with an error', async () => {
    class Failing {
      @OnLiveEvent('screenshot')
      on() {
        return wrap(
          concat(
            of('first'),
            throwError(() => new Error('refused')),
          ),
        );
      }
    }
    const host = await scratchHost({ module: { providers: [Failing] } });
    await sendOne(host);
    expect(await deliveries(host)).toMatchObject([
      { state: 'pending', attempts: 1, lastError: 'Error: refused' },
    ]);
  });

  it('has failed after its timeoutMs, and the subscription is ended', async () => {
    let ended = 0;
    class Endless {
      @OnLiveEvent('screenshot', { timeoutMs: 50, attempts: 1 })
      on() {
        return wrap(new Observable(() => () => ended++));
      }
    }
    const host = await scratchHost({ module: { providers: [Endless] } });
    await sendOne(host);
    expect(ended).toBe(1);
    expect(await deliveries(host)).toMatchObject([
      {
        state: 'dead',
        lastError: 'ListenerTimeoutError: The listener did not end within 50 ms',
      },
    ]);
  });

  it('can be transactional: what it writes is kept when it completes, and undone when it fails', async () => {
    class Writing {
      @OnLiveEvent('screenshot', { transactional: true, id: 'writing' })
      writing({ id }: LiveEvent, context: LiveEventContext) {
        return wrap(write(context, id, 'warnings'));
      }

      @OnLiveEvent('screenshot', { transactional: true, id: 'failing' })
      failing({ id }: LiveEvent, context: LiveEventContext) {
        const failing = throwError(() => new Error('after all'));
        return wrap(concat(write(context, id, 'errors'), failing));
      }
    }
    const write = ({ manager }: LiveEventContext, id: string, column: 'warnings' | 'errors') =>
      defer(() => manager.update(LiveCallback, { id }, { [column]: '["written"]' }));
    const host = await scratchHost({ module: { providers: [Writing] } });
    await sendOne(host);
    expect(await deliveries(host)).toMatchObject([
      { listener: 'failing', state: 'pending', lastError: 'Error: after all' },
      { listener: 'writing', state: 'done' },
    ]);
    const rows = await host.app.get(DataSource).getRepository(LiveCallback).find();
    expect(rows).toMatchObject([{ warnings: '["written"]', errors: null }]);
  });

  it('is awaited by publish()', async () => {
    const seen: string[] = [];
    @Injectable()
    class Posting {
      @OnLiveEvent('screenshot')
      on() {
        return wrap(work(seen));
      }

      @OnLiveEvent('screenshot')
      failing() {
        return wrap(throwError(() => new Error('refused')));
      }
    }
    const host = await scratchHost({ module: { providers: [Posting] } });
    await expect(
      busOf(host).publish(liveEventOf('screenshot', screenshotCallback())),
    ).rejects.toMatchObject({ errors: [new Error('refused')] });
    expect(seen).toEqual(['worked']);
  });

  it('ends with the signal that publish() was given', async () => {
    class Endless {
      @OnLiveEvent('screenshot')
      on() {
        return wrap(NEVER);
      }
    }
    const host = await scratchHost({ module: { providers: [Endless] } });
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    await expect(
      busOf(host).publish(liveEventOf('screenshot', screenshotCallback()), {
        signal: controller.signal,
      }),
    ).rejects.toMatchObject({ errors: [reason] });
  });

  it('is subscribed as an observer of the bus too, and its error logged', async () => {
    const logger = new LogLines();
    const host = await scratchHost({ application: { logger } });
    const seen: string[] = [];
    busOf(host).on('screenshot', () => wrap(work(seen)));
    busOf(host).on('*', () => wrap(throwError(() => new Error('refused'))));
    await sendOne(host);
    await expect.poll(() => seen).toEqual(['worked']);
    expect(logger.of('error').join()).toMatch(
      /An observer failed on screenshot [0-9a-f-]{36}: Error: refused/,
    );
  });
});
