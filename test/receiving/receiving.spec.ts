/**
 * The main job over real HTTP, the same on both adapters and on all databases: a callback is verified,
 * stored byte for byte, acknowledged, and reaches a listener typed. Includes every sample that the
 * documents print, of all kinds, re-signed; those that print no `t` and `sign` get them in front.
 */
import { Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { EventCatalog } from '../../src/events/event-catalog.js';
import {
  LiveCallbackAuditService,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventKind,
} from '../../src/index.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signatureOf,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startHost, type Answer, type Host } from '../support/application.js';
import type { TestDatabase } from '../support/databases.js';
import { resign, samplesOf } from '../support/documented-samples.js';
import { DOCUMENTED_VIEWS } from '../support/documented-views.js';
import { STAGES } from '../support/stages.js';

const KINDS = [
  'stream-push',
  'stream-interrupt',
  'record-file',
  'screenshot',
  'image-audit',
] as const;
const BUILDERS = {
  'stream-push': streamPushCallback,
  'stream-interrupt': streamInterruptCallback,
  'record-file': recordFileCallback,
  screenshot: screenshotCallback,
  'image-audit': imageAuditCallback,
};
const SAMPLES = new EventCatalog().definitions.flatMap(({ kind }) => samplesOf(kind));
const ACCEPTED = { status: 200, text: '{"code":0}' };

@Injectable()
class Recorder {
  readonly events: LiveEvent[] = [];

  @OnLiveEvent('*')
  onEvent(event: LiveEvent): void {
    this.events.push(event);
  }
}

const inTenMinutes = () => Math.floor(Date.now() / 1000) + 600;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it('knows the typed view of every documented sample', () => {
  expect(Object.keys(DOCUMENTED_VIEWS).toSorted()).toEqual(
    SAMPLES.map(({ file }) => file).toSorted(),
  );
  expect(SAMPLES).toHaveLength(25);
});

describe.each(SAMPLES)('the sample $file', ({ file, text }) => {
  it('has the same typed view through class-transformer', () => {
    const [kind] = file.split('/') as [LiveEventKind];
    const { dto } = new EventCatalog().ofKind(kind)!;
    const instance = plainToInstance(dto, JSON.parse(text) as object, {
      excludeExtraneousValues: true,
    });
    expect(plain(instance)).toEqual(DOCUMENTED_VIEWS[file]!.data);
  });
});

describe.each(STAGES)('on $stage', ({ adapter, isAbsent, create }) => {
  describe.skipIf(isAbsent)('a callback', () => {
    let database: TestDatabase;
    let host: Host;
    let audit: LiveCallbackAuditService;
    let events: LiveEvent[];

    beforeAll(async () => {
      database = await create();
      host = await startHost({
        adapter,
        database: database.options,
        module: { providers: [Recorder] },
      });
      audit = host.app.get(LiveCallbackAuditService, { strict: false });
      ({ events } = host.app.get(Recorder));
    });

    beforeEach(() => {
      events.length = 0;
    });

    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    async function post(body: string, path = '/live-callback'): Promise<Answer> {
      const answer = await host.post(path, {
        headers: { 'content-type': 'application/json' },
        body,
      });
      await whenListenersDone(host.app);
      return answer;
    }

    async function latest() {
      const { items } = await audit.find({ limit: 1 });
      return (await audit.get(items[0]?.id ?? ''))!;
    }

    describe.each(SAMPLES)('documented as $file', ({ file, text }) => {
      const [kind] = file.split('/') as [LiveEventKind];

      it('is acknowledged, typed field by field and kept byte for byte', async () => {
        const body = resign(text, KEY, inTenMinutes());
        expect(await post(body, `/live-callback/${kind}`)).toMatchObject(ACCEPTED);

        const { data, ...expected } = DOCUMENTED_VIEWS[file]!;
        expect(events).toHaveLength(1);
        const [event] = events as [LiveEvent];
        expect(event).toMatchObject({ kind, stream: expected.stream, attempt: 1 });
        expect(event.occurredAt?.toISOString() ?? null).toBe(expected.occurredAt);
        expect(event.data).toBeInstanceOf(new EventCatalog().ofKind(kind)?.dto);
        expect(plain(event.data)).toEqual(data);
        expect(event.raw).toEqual(JSON.parse(body));

        const stored = await latest();
        expect(Buffer.from(stored.body!)).toEqual(Buffer.from(body));
        expect(plain(stored)).toMatchObject({
          kind,
          state: 'accepted',
          conflicting: false,
          receiptsCount: 1,
          data,
          errors: [],
          deliveries: [{ listener: 'Recorder.onEvent', state: 'done', attempts: 1 }],
          ...expected,
        });
      });

      it('is the same callback when it comes again, to the URL for all kinds', async () => {
        await post(resign(text, KEY, inTenMinutes()), `/live-callback/${kind}`);
        const { id, receiptsCount } = await latest();
        events.length = 0;
        expect(await post(resign(text, KEY, inTenMinutes() - 60))).toMatchObject(ACCEPTED);
        expect(events).toEqual([]);
        expect(await latest()).toMatchObject({ id, receiptsCount: receiptsCount + 1 });
      });
    });

    it.each(KINDS)('of kind %s is taken at its own URL and at the one for all', async (kind) => {
      const own = signCallback(BUILDERS[kind](), { key: KEY });
      expect(await post(own.body, `/live-callback/${kind}`)).toMatchObject(ACCEPTED);
      const common = signCallback(BUILDERS[kind](), { key: KEY });
      expect(await post(common.body)).toMatchObject(ACCEPTED);
      expect(events.map((event) => event.kind)).toEqual([kind, kind]);
    });

    it('at the URL of another kind is treated as what it says it is, and flagged', async () => {
      const { body } = signCallback(streamInterruptCallback(), { key: KEY });
      expect(await post(body, '/live-callback/screenshot')).toMatchObject(ACCEPTED);
      expect(events.map(({ kind }) => kind)).toEqual(['stream-interrupt']);
      expect((await latest()).warnings).toEqual(['other-route: screenshot']);
    });

    it('sent 50 times at once makes one row and one run', async () => {
      const signed = signCallback(streamPushCallback(), { key: KEY });
      const answers = await Promise.all(Array.from({ length: 50 }, () => host.send(signed)));
      await whenListenersDone(host.app);
      expect(answers.map(({ status, text }) => ({ status, text }))).toEqual(
        Array.from({ length: 50 }, () => ACCEPTED),
      );
      expect(events).toHaveLength(1);
      const stored = await latest();
      expect(stored.receiptsCount).toBe(50);
      expect(stored.deliveries).toMatchObject([{ state: 'done', attempts: 1 }]);
      expect((await audit.find({ stream: 'test_stream', limit: 500 })).items).toEqual(
        expect.arrayContaining([expect.objectContaining({ id: stored.id })]),
      );
    });

    it('that is re-signed, reordered and re-spaced is the same callback', async () => {
      const push = streamPushCallback();
      const t = Math.floor(Date.now() / 1000) + 540;
      const reordered = Object.fromEntries(
        Object.entries({ ...push, t, sign: signatureOf(KEY, t) }).toReversed(),
      );
      await post(signCallback(push, { key: KEY }).body);
      await post(` ${JSON.stringify(reordered, null, 2)}\n`);
      expect(events).toHaveLength(1);
      expect((await latest()).receiptsCount).toBe(2);
    });

    it('with the identity of an earlier one and other content is kept and flagged', async () => {
      const push = streamPushCallback();
      await post(signCallback(push, { key: KEY }).body);
      await post(signCallback({ ...push, user_ip: '198.51.100.7' }, { key: KEY }).body);
      expect(events.map(({ conflicting }) => conflicting)).toEqual([false, true]);
      expect(await latest()).toMatchObject({ conflicting: true, receiptsCount: 1 });
    });

    it('of an unknown event_type is stored as unknown and offered to the wildcard', async () => {
      const callback = { event_type: 9001, stream_id: 'room', big: 1, note: '新事件 🎥' };
      expect(await post(signCallback(callback, { key: KEY }).body)).toMatchObject(ACCEPTED);
      expect(events).toMatchObject([{ kind: 'unknown', data: callback }]);
      expect(await latest()).toMatchObject({
        kind: 'unknown',
        state: 'unknown',
        eventType: 9001,
      });
    });

    it('whose stream cannot be read is quarantined with the reason and reaches nobody', async () => {
      const { body } = signCallback(streamPushCallback({ stream_id: { high: 1 } }), { key: KEY });
      expect(await post(body)).toMatchObject(ACCEPTED);
      expect(events).toEqual([]);
      expect(await latest()).toMatchObject({
        kind: 'stream-push',
        state: 'quarantined',
        data: null,
        errors: ['stream_id must be a string'],
        deliveries: [],
      });
    });

    it('with another field that does not fit reaches listeners without it, and says so', async () => {
      const fields = { user_ip: ['192.0.2.1'], width: '720' };
      const { body } = signCallback(streamPushCallback(fields), { key: KEY });
      expect(await post(body)).toMatchObject(ACCEPTED);
      expect(events).toMatchObject([{ data: { width: 720 }, raw: fields }]);
      expect(events[0]?.data).not.toHaveProperty('user_ip');
      expect(await latest()).toMatchObject({
        state: 'accepted',
        body,
        warnings: ['dropped: user_ip', 'coerced: width'],
        deliveries: [{ state: 'done' }],
      });
    });

    it('keeps numbers beyond 2^64 exactly', async () => {
      const signed = signCallback(streamPushCallback({ sequence: 'SEQ' }), { key: KEY });
      await post(signed.body.replace('"SEQ"', '184467440737095516169'));
      expect(events[0]).toMatchObject({ data: { sequence: '184467440737095516169' } });
      expect(await latest()).toMatchObject({ sequence: '184467440737095516169' });
    });

    it('keeps NUL, lone surrogates and 4-byte characters, and can be found', async () => {
      const { body } = signCallback(
        streamPushCallback({ stream_id: 'a\u0000b\ud800c😀', errmsg: '直播\\/"' }),
        { key: KEY },
      );
      expect(await post(body)).toMatchObject(ACCEPTED);
      expect((await latest()).body).toBe(body);
      expect(events[0]?.stream.name).toBe('a\u0000b\ud800c😀');
    });

    it('signed with another key is refused, and nothing is stored', async () => {
      const before = (await audit.find({ limit: 1 })).items[0]?.id;
      const { body } = signCallback(streamPushCallback(), { key: 'AnotherKeyAltogether' });
      expect(await post(body)).toMatchObject({ status: 401, text: '{"code":401}' });
      expect(events).toEqual([]);
      expect((await audit.find({ limit: 1 })).items[0]?.id).toBe(before);
    });
  });
});
