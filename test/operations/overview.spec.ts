/**
 * Questions about many callbacks at once, on every database: how the listeners do, what was given up and
 * by which errors, who is refused; and dead letters replayed and discarded together.
 */
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackDeadLetters,
  LiveCallbackOverview,
  NonRetryableError,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import {
  screenshotCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startHost, type Host } from '../support/application.js';
import { FEATURE_DATABASES, type TestDatabase } from '../support/databases.js';

@Injectable()
class Sample {
  private count = 0;
  mends = false;

  @OnLiveEvent('*', { id: 'fine' })
  fine() {}

  @OnLiveEvent('stream-push', { id: 'broken' })
  broken({ stream }: LiveEvent) {
    if (this.mends) return;
    const why = stream.name === 'odd' ? 'no such user' : `took ${++this.count}00 ms, gave up`;
    throw new NonRetryableError(why);
  }

  @OnLiveEvent('screenshot', { id: 'slow', backoffMs: 600_000 })
  slow() {
    throw new Error('later');
  }
}

const WHY = { reason: 'mended', actor: 'Test' };
const TIMED_OUT = 'NonRetryableError: took # ms, gave up';
const UNKNOWN_USER = 'NonRetryableError: no such user';

describe.each(FEATURE_DATABASES)('with $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('the overview', () => {
    let database: TestDatabase;
    let host: Host;
    let overview: LiveCallbackOverview;
    let letters: LiveCallbackDeadLetters;
    let audit: LiveCallbackAuditService;
    let sample: Sample;

    it('says what listeners did with the callbacks of a stream, the oldest first', async () => {
      const items = await overview.deliveries({ stream: 'odd', kind: 'stream-push' });
      expect(items.map(({ listener, state }) => `${listener} ${state}`).toSorted()).toEqual([
        'broken dead',
        'fine done',
      ]);
      expect(items.every(({ finishedAt }) => finishedAt instanceof Date)).toBe(true);
      expect(await overview.deliveries({ stream: 'nobody' })).toEqual([]);
      const all = await overview.deliveries({ limit: 3 });
      expect(new Set(all.map(({ callbackId }) => callbackId)).size).toBe(3);
      const times = all.map(({ receivedAt }) => receivedAt.getTime());
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    const send = (callback: object, key = KEY) => host.send(signCallback(callback, { key }));

    beforeAll(async () => {
      database = await create();
      host = await startHost({ database: database.options, module: { providers: [Sample] } });
      const { app } = host;
      overview = app.get(LiveCallbackOverview, { strict: false });
      letters = app.get(LiveCallbackDeadLetters, { strict: false });
      audit = app.get(LiveCallbackAuditService, { strict: false });
      sample = app.get(Sample);
      for (const stream_id of ['one', 'two', 'three', 'odd']) {
        await send(streamPushCallback({ stream_id }));
      }
      await send(screenshotCallback({ stream_id: 'one' }));
      await send(streamPushCallback({ stream_id: 'forged' }), 'AnotherKey');
      await whenListenersDone(app);
      await app.get(RejectionRecorder, { strict: false }).flush();
    });
    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    it('says of each listener what waits, what was given up and what came of the last hour', async () => {
      const { items, countedTo } = await overview.listeners();
      expect(countedTo).toBe(10_000);
      expect(items).toMatchObject([
        { listener: 'broken', kinds: ['stream-push'], pending: 0, oldestAt: null, dead: 4 },
        { listener: 'fine', kinds: ['*'], pending: 0, oldestAt: null, dead: 0 },
        { listener: 'slow', kinds: ['screenshot'], pending: 1, dead: 0, minutes: [] },
      ]);
      const [picture] = (await audit.find({ kind: 'screenshot' })).items;
      expect(items[2]?.oldestAt).toEqual(picture?.receivedAt);
      const done = items[1]?.minutes.reduce((sum, minute) => sum + minute.done, 0);
      const dead = items[0]?.minutes.reduce((sum, minute) => sum + minute.dead, 0);
      expect([done, dead]).toEqual([5, 4]);
      for (const { minutes } of items) {
        for (const { at } of minutes) expect(at.getTime() % 60_000).toBe(0);
      }
    });

    it('counts refused requests by reason and address', async () => {
      const at = expect.any(Date);
      expect(await overview.refusals()).toEqual([
        { reason: 'sign-mismatch', remoteAddress: '127.0.0.1', count: 1, firstAt: at, lastAt: at },
      ]);
      expect(await overview.refusals(new Date(Date.now() + 60_000))).toEqual([]);
    });

    it('puts dead letters together whose errors differ in numbers alone', async () => {
      const groups = await letters.groups();
      expect(groups).toMatchObject([
        { listener: 'broken', error: TIMED_OUT, count: 3 },
        { listener: 'broken', error: UNKNOWN_USER, count: 1 },
      ]);
      const pushes = (await audit.find({ kind: 'stream-push' })).items;
      const odd = pushes.find(({ stream }) => stream.name === 'odd');
      expect(groups[1]).toMatchObject({
        newestId: odd?.id,
        oldestAt: odd?.receivedAt,
        newestAt: odd?.receivedAt,
      });
      expect(groups[0]?.newestId).toBe(
        pushes.filter(({ id }) => id !== odd?.id).toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]?.id,
      );
    });

    it.each([
      [{}, 4],
      [{ listener: 'broken' }, 4],
      [{ listener: 'fine' }, 0],
      [{ listener: 'broken', error: TIMED_OUT }, 3],
      [{ error: 'no such user' }, 0],
      [{ stream: 'odd' }, 1],
      [{ kind: 'stream-push', domain: 'push.example.com', path: 'live', stream: 'one' }, 1],
      [{ kind: 'screenshot' }, 0],
      [{ from: new Date(0), to: new Date(8.64e15) }, 4],
      [{ to: new Date(0) }, 0],
    ])('counts the dead letters of %j', async (filter, count) => {
      expect(await letters.count(filter)).toBe(count);
    });

    it('refuses to act without a reason, and changes nothing', async () => {
      const without = { ...WHY, reason: ' ' };
      await expect(letters.replay({}, without)).rejects.toThrow('reason must be a text');
      await expect(letters.discard({}, without)).rejects.toThrow('reason must be a text');
      expect(await letters.count()).toBe(4);
    });

    it('discards a group, and leaves the others', async () => {
      const filter = { listener: 'broken', error: UNKNOWN_USER };
      expect(await letters.discard(filter, WHY)).toEqual({ count: 1, nextCursor: null });
      const [odd] = (await audit.find({ stream: 'odd' })).items;
      expect(await audit.get(odd!.id)).toMatchObject({ discard: WHY });
      expect(await letters.groups()).toMatchObject([{ error: TIMED_OUT, count: 3 }]);
    });

    it('replays a group to the listener that gave it up alone', async () => {
      sample.mends = true;
      expect(await letters.replay({ error: TIMED_OUT }, WHY)).toEqual({
        count: 3,
        nextCursor: null,
      });
      await whenListenersDone(host.app);
      expect(await letters.groups()).toEqual([]);
      const [one] = (await audit.find({ stream: 'one', kind: 'stream-push' })).items;
      expect((await audit.get(one!.id))?.deliveries).toMatchObject([
        { listener: 'broken', state: 'done', attempts: 2, replay: { ...WHY, attemptsBefore: 1 } },
        { listener: 'fine', state: 'done', attempts: 1, replay: null },
      ]);
    });

    it('acts in steps, of which none meets a dead letter again', async () => {
      sample.mends = false;
      const names = Array.from({ length: 53 }, (_, at) => `many-${at}`);
      await Promise.all(names.map((stream_id) => send(streamPushCallback({ stream_id }))));
      await whenListenersDone(host.app);
      const first = await letters.replay({ listener: 'broken' }, WHY);
      await whenListenersDone(host.app);
      expect(first).toEqual({ count: 49, nextCursor: expect.any(String) });
      const second = await letters.replay({ listener: 'broken' }, WHY, first.nextCursor!);
      await whenListenersDone(host.app);
      expect(second).toEqual({ count: 4, nextCursor: null });
      expect(await letters.count()).toBe(53);
    });

    it('finds the other callbacks that say to be the same event', async () => {
      const push = streamPushCallback({ stream_id: 'twice' });
      await send(push);
      await send({ ...push, user_ip: '192.0.2.99' });
      const [later, earlier] = (await audit.find({ stream: 'twice' })).items;
      expect(later?.conflicting).toBe(true);
      expect(await overview.variants(later!.id)).toEqual([earlier]);
      expect(await overview.variants(earlier!.id)).toEqual([later]);
      const [alone] = (await audit.find({ stream: 'odd' })).items;
      expect(await overview.variants(alone!.id)).toEqual([]);
      expect(await overview.variants('no id')).toEqual([]);
    });
  });
});
