/** When a lease is given back, asked for anew or not taken, and what that does to the count of attempts. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, type Type } from '@nestjs/common';
import { IsNull, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import { DeliveryDispatcher } from '../../src/delivery/delivery.dispatcher.js';
import { HandOver } from '../../src/delivery/hand-over.js';
import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventContext,
  type OnLiveEventOptions,
} from '../../src/index.js';
import { DeliveryStore } from '../../src/storage/delivery.store.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

type Act = (event: LiveEvent, context: LiveEventContext) => unknown;

/** A listener, the streams that it has begun with, and what it does with them. */
function listener(options: Partial<OnLiveEventOptions> = {}) {
  const began: string[] = [];
  const script: { act: Act } = { act: () => {} };
  @Injectable()
  class Scripted {
    @OnLiveEvent('stream-push', { id: 'scripted', backoffMs: 10, ...options })
    async onPush(event: LiveEvent, context: LiveEventContext): Promise<void> {
      began.push(String(event.stream.name));
      await script.act(event, context);
    }
  }
  return { began, script, provider: Scripted as Type };
}

const send = (host: Host, stream: string) =>
  host.send(signCallback(streamPushCallback({ stream_id: stream }), { key: KEY }));

async function rowsOf(database: DataSourceOptions) {
  const connection = await scratchConnection({
    ...database,
    entities: [...LIVE_CALLBACK_ENTITIES],
  });
  return connection.getRepository(LiveCallbackDelivery);
}

/** An act that lasts until it is told to end. */
function lasting() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  onTestFinished(() => end());
  return { act: () => ended, end };
}

describe.each(DATABASES)('with $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)(
    'an attempt whose lease has grown old before it began is counted once, under a fresh one',
    async () => {
      const database = await scratchDatabase(create);
      const { provider, began } = listener();
      const host = await scratchHost({
        database,
        options: HURRIED,
        module: { providers: [provider] },
      });
      const store = host.app.get(DeliveryStore, { strict: false });
      const begin = vi.spyOn(store, 'begin');
      const contested = store.contested.bind(store);
      // Older than 7 s when it is handed on, of which a tenth passes here.
      vi.spyOn(store, 'contested').mockImplementationOnce(async (leased) => {
        await sleep(720);
        return contested(leased);
      });
      await send(host, 'a');
      await expect.poll(() => began).toEqual(['a']);
      await whenListenersDone(host.app);
      expect(begin).toHaveBeenCalledTimes(1);
      const [row] = await (await rowsOf(database)).find();
      expect(row).toMatchObject({ state: 'done', attempts: 1 });
    },
  );
});

it('of deliveries that may end the process one has a place, and others run beside it', async () => {
  const database = await scratchDatabase();
  const rows = await rowsOf(database);
  const { provider, began, script } = listener({ concurrency: 2 });
  const start = () => scratchHost({ database, module: { providers: [provider] } });
  const first = await start();
  for (const stream of ['a', 'b', 'c', 'd']) await send(first, stream);
  await whenListenersDone(first.app);
  await first.app.close();
  await rows.update({ state: 'done' }, { state: 'pending', attempts: 2, finishedAt: null });
  began.length = 0;
  const { act, end } = lasting();
  script.act = ({ stream }) => (stream.name === 'healthy' ? undefined : act());
  const second = await start();
  await expect.poll(() => began).toEqual(['a']);
  await send(second, 'healthy');
  await expect.poll(() => began).toEqual(['a', 'healthy']);
  end();
  await expect.poll(() => began.toSorted()).toEqual(['a', 'b', 'c', 'd', 'healthy']);
});

describe('a stop', () => {
  it('gives nothing back twice, whatever is held up meanwhile', async () => {
    const database = await scratchDatabase();
    const rows = await rowsOf(database);
    const { provider, began, script } = listener({ concurrency: 1 });
    const host = await scratchHost({ database, module: { providers: [provider] } });
    const { act, end } = lasting();
    script.act = act;
    for (const stream of ['a', 'b', 'c']) await send(host, stream);
    await expect.poll(() => began).toEqual(['a']);
    const dispatcher = host.app.get(DeliveryDispatcher, { strict: false });
    dispatcher.stop();
    await expect.poll(() => rows.countBy({ leaseOwner: IsNull(), attempts: 0 })).toBe(2);
    // As a circuit breaker does that opens now.
    dispatcher.hold(new Set(['scripted']));
    await host.app.get(HandOver, { strict: false }).drained();
    const waiting = await rows.findBy({ state: 'pending', attempts: 0 });
    expect(waiting.map(({ leaseOwner }) => leaseOwner)).toEqual([null, null]);
    end();
  });

  it('gives back what is taken over meanwhile', async () => {
    const database = await scratchDatabase();
    const rows = await rowsOf(database);
    const { provider, began } = listener();
    const host = await scratchHost({ database, module: { providers: [provider] } });
    await send(host, 'a');
    await whenListenersDone(host.app);
    host.app.get(DeliveryDispatcher, { strict: false }).stop();
    await rows.update({ state: 'done' }, { state: 'pending', attempts: 0, finishedAt: null });
    const handOver = host.app.get(HandOver, { strict: false });
    const { claimed } = await handOver.claim(
      { registration: 'default', listeners: ['scripted'] },
      1,
    );
    expect(claimed).toHaveLength(1);
    await handOver.drained();
    const [row] = await rows.find();
    expect(row).toMatchObject({ state: 'pending', attempts: 0, leaseOwner: null });
    expect(began).toEqual(['a']);
  });

  it('waits for what obeys its signal, and gives that back with what came of it', async () => {
    const database = await scratchDatabase();
    const rows = await rowsOf(database);
    const { provider, began, script } = listener();
    const host = await scratchHost({ database, module: { providers: [provider] } });
    script.act = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => setTimeout(() => reject(new Error('stopped')), 50));
      });
    await send(host, 'a');
    await expect.poll(() => began).toEqual(['a']);
    await host.app.close();
    const [row] = await rows.find();
    expect(row).toMatchObject({ state: 'pending', lastError: 'Error: stopped', leaseOwner: null });
  });
});

it('a node without a listener does not take what is replayed to it', async () => {
  const database = await scratchDatabase();
  const { provider, began } = listener();
  const node = await scratchHost({ database, module: { providers: [provider] } });
  const other = await scratchHost({ database });
  await send(node, 'a');
  await whenListenersDone(node.app);
  const audit = other.app.get(LiveCallbackAuditService, { strict: false });
  const { id } = (await audit.find({})).items[0]!;
  await audit.replay(id, { reason: 'again', actor: 'ops' });
  await expect.poll(() => began, { timeout: 4_000 }).toEqual(['a', 'a']);
});
