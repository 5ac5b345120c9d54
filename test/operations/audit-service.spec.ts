/**
 * Questions to the stored callbacks, on every database: filters, periods and pages, one callback in
 * full and byte-exact, duplicates and variants, statistics and refused requests.
 */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  OnLiveEvent,
  ScreenshotDto,
  type CallbackFilter,
  type CallbackRow,
} from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { CallbackStore } from '../../src/storage/callback.store.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import { CallbackMapper } from '../../src/receiving/callback.mapper.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signCallback,
  signatureOf,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startHost, type Host } from '../support/application.js';
import { FEATURE_DATABASES, type TestDatabase } from '../support/databases.js';

@Injectable()
class FailsOnPictures {
  @OnLiveEvent(['screenshot', 'stream-push'], { backoffMs: 600_000 })
  on({ kind }: { kind: string }) {
    if (kind === 'screenshot') throw new Error('no pictures');
  }
}

@Injectable()
class GivesUpOnFiles {
  @OnLiveEvent('record-file', { attempts: 1 })
  first() {
    throw new Error('no files');
  }

  @OnLiveEvent('record-file', { attempts: 1 })
  second() {
    throw new Error('no files either');
  }
}

const HEADERS = { 'content-type': 'application/json' };
/** A full hour, so that buckets are easy to say. */
const START = Date.UTC(2026, 0, 31, 12);

describe.each(FEATURE_DATABASES)('the audit service with $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('answers', () => {
    let database: TestDatabase;
    let host: Host;
    let audit: LiveCallbackAuditService;
    let now = START;
    const clock = () => now;

    beforeAll(async () => {
      database = await create();
      host = await startHost({
        database: database.options,
        options: { clock },
        module: { providers: [FailsOnPictures, GivesUpOnFiles] },
      });
      audit = host.app.get(LiveCallbackAuditService, { strict: false });
    });
    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    /** Sends a callback at a time and returns its row. */
    const send = async (callback: object, at = now): Promise<CallbackRow> => {
      now = at;
      const answer = await host.send(signCallback(callback, { key: KEY, clock }));
      expect(answer.status).toBe(200);
      return newest();
    };
    const sendText = async (text: string) => {
      const t = Math.floor(now / 1000) + 600;
      const body = text.replace('"PAIR"', `"t": ${t}, "sign": "${signatureOf(KEY, t)}"`);
      expect((await host.post('/live-callback', { headers: HEADERS, body })).status).toBe(200);
      const row = await newest();
      return { body, row, detail: (await audit.get(row.id))! };
    };
    const newest = async () => (await audit.find({ limit: 1 })).items[0]!;
    const idsOf = async (filter: CallbackFilter) =>
      (await audit.find({ ...filter, limit: 500 })).items.map(({ id }) => id);

    describe('to filters', () => {
      const HOUR = 3_600_000;
      let push: CallbackRow;
      let other: CallbackRow;
      let picture: CallbackRow;
      let strange: CallbackRow;
      let broken: CallbackRow;
      beforeAll(async () => {
        push = await send(streamPushCallback({ stream_id: 'one' }), START);
        other = await send(
          streamPushCallback({ stream_id: 'two', app: 'b.example.com', appname: 'vod' }),
          START + HOUR,
        );
        picture = await send(screenshotCallback({ stream_id: 'one' }), START + 2 * HOUR);
        strange = await send(streamPushCallback({ event_type: 4711 }), START + 3 * HOUR);
        broken = await send(streamPushCallback({ stream_id: ['x'] }), START + 4 * HOUR);
        await whenListenersDone(host.app);
      });

      it('by kind', async () => {
        expect(await idsOf({ kind: 'stream-push' })).toEqual([broken.id, other.id, push.id]);
        expect(await idsOf({ kind: 'unknown' })).toEqual([strange.id]);
        expect(await idsOf({ kind: 'nonsense' })).toEqual([]);
      });

      it('by domain, path and stream', async () => {
        expect(await idsOf({ domain: 'b.example.com' })).toEqual([other.id]);
        expect(await idsOf({ path: 'vod' })).toEqual([other.id]);
        expect(await idsOf({ stream: 'one' })).toEqual([picture.id, push.id]);
        expect(await idsOf({ stream: 'one', domain: 'b.example.com' })).toEqual([]);
        expect(await idsOf({ stream: "one' OR 1=1 --" })).toEqual([]);
      });

      it('by state', async () => {
        expect(await idsOf({ state: 'quarantined' })).toEqual([broken.id]);
        expect(await idsOf({ state: 'unknown' })).toEqual([strange.id]);
        expect(await idsOf({ state: 'accepted' })).toEqual([picture.id, other.id, push.id]);
      });

      it('by the state of deliveries', async () => {
        expect(await idsOf({ delivery: 'pending' })).toEqual([picture.id]);
        expect(await idsOf({ delivery: 'done' })).toEqual([other.id, push.id]);
        expect(await idsOf({ delivery: 'dead' })).toEqual([]);
      });

      it('by period, its beginning included and its end not', async () => {
        const at = (hours: number) => new Date(START + hours * HOUR);
        expect(await idsOf({ from: at(3) })).toEqual([broken.id, strange.id]);
        expect(await idsOf({ to: at(1) })).toEqual([push.id]);
        expect(await idsOf({ from: at(1), to: at(3) })).toEqual([picture.id, other.id]);
        expect(await idsOf({ from: new Date(START + 1), to: at(1) })).toEqual([]);
        expect(await idsOf({ from: new Date(0), to: new Date(8.64e15) })).toHaveLength(5);
      });

      it('by all conditions at once', async () => {
        const filter = { kind: 'stream-push', domain: 'push.example.com', path: 'live' };
        const all = { ...filter, stream: 'one', state: 'accepted', delivery: 'done' } as const;
        expect(await idsOf({ ...all, from: new Date(START), to: new Date(START + 1) })).toEqual([
          push.id,
        ]);
      });

      it('with rows of the documented shape', () => {
        expect(push).toEqual({
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}$/),
          kind: 'stream-push',
          eventType: 1,
          state: 'accepted',
          origin: 'callback',
          stream: { appId: '12345678', domain: 'push.example.com', path: 'live', name: 'one' },
          sequence: expect.stringMatching(/^\d+$/),
          occurredAt: expect.any(Date),
          receivedAt: new Date(START),
          conflicting: false,
          receiptsCount: 1,
        });
      });

      it('with one callback in full', async () => {
        expect(await audit.get(picture.id)).toEqual({
          ...picture,
          body: expect.stringContaining('"event_type":200'),
          bodyEncoding: 'utf8',
          bodyPurgedAt: null,
          discard: null,
          reveal: null,
          erased: null,
          data: expect.any(ScreenshotDto),
          errors: [],
          warnings: [],
          remoteAddress: '127.0.0.1',
          deliveries: [
            {
              listener: 'FailsOnPictures.on',
              state: 'pending',
              attempts: 1,
              lastError: 'Error: no pictures',
              nextAttemptAt: expect.any(Date),
              durationMs: expect.any(Number),
              finishedAt: null,
              replay: null,
            },
          ],
        });
      });

      it('with the reason of a quarantine, and the JSON of an unknown kind', async () => {
        expect(await audit.get(broken.id)).toMatchObject({
          data: null,
          errors: ['stream_id must be a string'],
          deliveries: [],
        });
        expect(await audit.get(strange.id)).toMatchObject({ data: { event_type: 4711 } });
      });

      it('with null for an id that is nobody’s, or none', async () => {
        for (const id of [
          '0197a000-0000-7000-8000-000000000000',
          'nonsense',
          '',
          "'",
          push.id + ' ',
        ]) {
          expect(await audit.get(id)).toBeNull();
        }
      });
    });

    describe('in pages', () => {
      it('that stay right while rows are added', async () => {
        const stream = 'paged';
        const add = () => send(streamPushCallback({ stream_id: stream }));
        const rows: CallbackRow[] = [];
        for (let i = 0; i < 7; i++) rows.unshift(await add());
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await audit.find({ stream, limit: 3, cursor });
          seen.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor ?? undefined;
          await add();
        } while (cursor !== undefined);
        expect(seen).toEqual(rows.map(({ id }) => id));
      });

      it('that end exactly with their last row', async () => {
        const stream = 'paged-exactly';
        for (let i = 0; i < 4; i++) await send(streamPushCallback({ stream_id: stream }));
        const first = await audit.find({ stream, limit: 2 });
        expect(first.nextCursor).toMatch(/^[\w-]+$/);
        const second = await audit.find({ stream, limit: 2, cursor: first.nextCursor! });
        expect([second.items.length, second.nextCursor]).toEqual([2, null]);
        expect(await audit.find({ stream: 'absent' })).toEqual({ items: [], nextCursor: null });
      });

      it('of dead letters, with each callback once though two listeners gave it up', async () => {
        const dead: CallbackRow[] = [];
        for (let i = 0; i < 5; i++) dead.unshift(await send(recordFileCallback()));
        await whenListenersDone(host.app);
        const seen: string[][] = [];
        let cursor: string | undefined;
        do {
          const page = await audit.find({ delivery: 'dead', limit: 2, cursor });
          seen.push(page.items.map(({ id }) => id));
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        const ids = dead.map(({ id }) => id);
        expect(seen).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
        expect(await idsOf({ delivery: 'dead', kind: 'record-file' })).toEqual(ids);
        expect(await idsOf({ delivery: 'dead', kind: 'screenshot' })).toEqual([]);
      });

      it.each([0, -1, 501, 1.5, NaN, Infinity])('but not of %s rows', async (limit) => {
        const message = 'limit must be an integer from 1 to 500';
        await expect(audit.find({ limit })).rejects.toThrow(message);
        await expect(audit.rejections({ limit })).rejects.toThrow(message);
      });

      it.each(['', 'nonsense', '%%%', 'AAAA', "' OR 1=1"])(
        'but not after the cursor %j',
        async (cursor) => {
          const message = 'cursor must be the nextCursor of an earlier answer';
          await expect(audit.find({ cursor })).rejects.toThrow(message);
          await expect(audit.rejections({ cursor })).rejects.toThrow(message);
        },
      );

      it('and as one sequence of more rows than a page holds', async () => {
        const pipe = host.app.get(CallbackMapper, { strict: false });
        const store = host.app.get(CallbackStore, { strict: false });
        const stream_id = 'iterated';
        const put = (sequence: number) => {
          const text = JSON.stringify(streamInterruptCallback({ stream_id, sequence }));
          const payload = parsePayload(text);
          const request = { payload, text, routeKind: null, remoteAddress: null };
          return store.put(pipe.transform(request).row);
        };
        await Promise.all(Array.from({ length: 1_203 }, (_, index) => put(index)));
        const sequences: string[] = [];
        for await (const row of audit.iterate({ stream: stream_id })) {
          sequences.push(row.sequence!);
        }
        expect(sequences).toEqual(Array.from({ length: 1_203 }, (_, index) => `${1_202 - index}`));
        for await (const row of audit.iterate({ stream: stream_id })) {
          expect(row.sequence).toBe('1202');
          break;
        }
      });
    });

    describe('with what was sent, exactly:', () => {
      it('the body, byte by byte', async () => {
        const odd =
          '\r\n {\t"event_type" : 1 , "PAIR",\n "app":"push.example.com","appname":"live",' +
          '"stream_id":"\\u0073","event_time": 1769860800,"sequence":"1",' +
          '"a":"\\u4e2d\\ud83d\\ude00 中😀 \\/ \\u00e9 é e\u0301 ß","nul":"\\u0000","half":"\\ud800",' +
          '"spaces":"  trailing  ","big":1e2, "n": 1.0, "quote":"\'\\"`$1?:x"  } \n\n';
        const { body, detail } = await sendText(odd);
        expect(Buffer.from(detail.body!)).toEqual(Buffer.from(body));
        expect(detail.stream.name).toBe('s');
      });

      it('a body of 200 KB of four-byte characters', async () => {
        const text = JSON.stringify(streamPushCallback({ errmsg: '😀'.repeat(50_000) }));
        const { body, detail } = await sendText(text.replace('{', '{"PAIR",'));
        expect(detail.body === body).toBe(true);
      });

      it.each([
        '18446744073709551615',
        '18446744073709551616',
        '340282366920938463463374607431768211456',
      ])('the sequence %s, sent as a number', async (sequence) => {
        const text = JSON.stringify(streamPushCallback({ sequence: '#' }));
        const { row, detail } = await sendText(
          text.replace('"#"', sequence).replace('{', '{"PAIR",'),
        );
        expect(row.sequence).toBe(sequence);
        expect(detail.data).toMatchObject({ sequence });
        expect(detail.body).toContain(`"sequence":${sequence}`);
      });

      it('names that differ in case, accents or spaces alone', async () => {
        const names = ['Name', 'name', 'namé', 'name ', ' name'];
        for (const stream_id of names) await send(streamPushCallback({ stream_id, sequence: 1 }));
        for (const stream of names) {
          const { items } = await audit.find({ stream });
          expect(items).toMatchObject([{ stream: { name: stream }, receiptsCount: 1 }]);
        }
      });

      it('times to the millisecond', async () => {
        const at = Date.UTC(2026, 1, 1, 3, 4, 5, 678);
        const row = await send(streamPushCallback({ event_time: 1_769_860_801 }), at);
        expect(row.receivedAt.getTime()).toBe(at);
        expect(row.occurredAt?.getTime()).toBe(1_769_860_801_000);
      });
    });

    describe('about repeated callbacks:', () => {
      it('a redelivery counts up, whatever its pair, its key order and its white space', async () => {
        const callback = streamPushCallback({ stream_id: 'repeated' });
        const first = await send(callback, now + 1_000);
        await send(callback, now + 61_000);
        await send(Object.fromEntries(Object.entries(callback).toReversed()), now + 61_000);
        await sendText(JSON.stringify(callback, null, 3).replace('{', '{ "PAIR",'));
        const { items } = await audit.find({ stream: 'repeated' });
        expect(items).toEqual([{ ...first, receiptsCount: 4 }]);
        const rows = host.app.get(DataSource).getRepository(LiveCallback);
        const entity = await rows.findOneByOrFail({ id: first.id });
        expect(entity.lastReceivedAt.getTime()).toBe(now);
        expect(entity.receivedAt).toEqual(first.receivedAt);
      });

      it('the content digest is unique in the database itself', async () => {
        await send(streamPushCallback({ stream_id: 'digest' }));
        const rows = host.app.get(DataSource).getRepository(LiveCallback);
        const entity = await rows.findOneByOrFail({ streamName: 'digest' });
        entity.id = '0197a000-0000-7000-8000-000000000001';
        await expect(rows.insert(entity)).rejects.toThrow(/unique|duplicate/i);
        expect(await rows.countBy({ streamName: 'digest' })).toBe(1);
      });

      it('another body with the same identity is kept as a conflicting one, the first is not touched', async () => {
        const callback = streamPushCallback({ stream_id: 'forged' });
        const first = await send(callback);
        for (const user_ip of ['203.0.113.66', '203.0.113.67'])
          await send({ ...callback, user_ip });
        await send(callback);
        const { items } = await audit.find({ stream: 'forged' });
        expect(items.map(({ conflicting }) => conflicting)).toEqual([true, true, false]);
        expect(items[2]).toEqual({ ...first, receiptsCount: 2 });
        expect((await audit.get(first.id))?.data).toMatchObject({ user_ip: '192.0.2.20' });
      });

      it('so it is when both come in one batch', async () => {
        const pipe = host.app.get(CallbackMapper, { strict: false });
        const store = host.app.get(CallbackStore, { strict: false });
        const callback = imageAuditCallback({ streamId: 'forged-at-once' });
        const bodies = [callback, { ...callback, label: 'Normal' }, callback];
        const results = await Promise.all(
          bodies.map((body) => {
            const text = JSON.stringify(body);
            const payload = parsePayload(text);
            const request = { payload, text, routeKind: null, remoteAddress: null };
            return store.put(pipe.transform(request).row);
          }),
        );
        expect(results.map(({ outcome }) => outcome)).toEqual(['new', 'new', 'known']);
        const { items } = await audit.find({ stream: 'forged-at-once' });
        expect(items).toMatchObject([
          { conflicting: true, receiptsCount: 1 },
          { conflicting: false, receiptsCount: 2 },
        ]);
      });
    });

    describe('to statistics', () => {
      const from = new Date(Date.UTC(2026, 5, 1));
      const to = new Date(Date.UTC(2026, 5, 3));
      beforeAll(async () => {
        const at = from.getTime();
        for (const minutes of [0, 1, 1, 59, 60, 24 * 60 + 30]) {
          await send(streamPushCallback(), at + minutes * 60_000 + 59_999);
        }
        await send(screenshotCallback(), at + 60_000);
        await send(streamPushCallback({ event_type: 4711 }), at + 60_000);
        await send(streamPushCallback({ stream_id: ['x'] }), at + 60_000);
      });

      const rows = (...entries: [string, string, string, number][]) =>
        entries.map(([time, kind, state, count]) => ({
          bucket: new Date(`2026-06-${time}Z`),
          kind,
          state,
          count,
        }));

      it('by day', async () => {
        expect(await audit.stats({ from, to, bucket: 'day' })).toEqual(
          rows(
            ['01T00:00', 'screenshot', 'accepted', 1],
            ['01T00:00', 'stream-push', 'accepted', 5],
            ['01T00:00', 'stream-push', 'quarantined', 1],
            ['01T00:00', 'unknown', 'unknown', 1],
            ['02T00:00', 'stream-push', 'accepted', 1],
          ),
        );
      });

      it('by hour, which is the default', async () => {
        const hours = await audit.stats({ from, to });
        expect(hours).toEqual(await audit.stats({ from, to, bucket: 'hour' }));
        expect(hours.filter(({ kind, state }) => kind + state === 'stream-pushaccepted')).toEqual(
          rows(
            ['01T00:00', 'stream-push', 'accepted', 4],
            ['01T01:00', 'stream-push', 'accepted', 1],
            ['02T00:00', 'stream-push', 'accepted', 1],
          ),
        );
      });

      it('by minute of a period, and none where there is nothing', async () => {
        const end = new Date(from.getTime() + 120_000);
        const minutes = await audit.stats({ from, to: end, bucket: 'minute' });
        expect(minutes.filter(({ kind, state }) => kind + state === 'stream-pushaccepted')).toEqual(
          rows(
            ['01T00:00', 'stream-push', 'accepted', 1],
            ['01T00:01', 'stream-push', 'accepted', 2],
          ),
        );
        expect(await audit.stats({ from: new Date(0), to: new Date(1_000) })).toEqual([]);
      });

      it('but not in more buckets than an answer may hold', async () => {
        await expect(audit.stats({ from: new Date(0), to, bucket: 'minute' })).rejects.toThrow(
          'the period holds more than 10000 buckets; choose a longer bucket',
        );
      });
    });

    describe('about refused requests', () => {
      it('with reason, count, address and a masked excerpt, newest first', async () => {
        const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16', clock });
        for (let i = 0; i < 3; i++) expect((await host.send(forged)).status).toBe(401);
        await host.post('/live-callback', { headers: HEADERS, body: '{"' });
        await host.app.get(RejectionRecorder, { strict: false }).flush();
        const { items, nextCursor } = await audit.rejections();
        expect(nextCursor).toBeNull();
        const byReason = Object.fromEntries(items.map((item) => [item.reason, item]));
        expect(Object.keys(byReason).toSorted()).toEqual(['json-invalid', 'sign-mismatch']);
        expect(byReason['sign-mismatch']).toEqual({
          reason: 'sign-mismatch',
          count: 3,
          remoteAddress: '127.0.0.1',
          excerpt: expect.stringContaining('"event_type":1'),
          firstAt: expect.any(Date),
          lastAt: expect.any(Date),
        });
        const text = JSON.stringify(items);
        const { sign, t } = forged.payload as { sign: string; t: number };
        for (const secret of [sign, String(t), KEY, 'stream_param=test']) {
          expect(text).not.toContain(secret);
        }
      });

      it('in pages', async () => {
        const first = await audit.rejections({ limit: 1 });
        const second = await audit.rejections({ limit: 1, cursor: first.nextCursor! });
        const both = (await audit.rejections()).items;
        expect([...first.items, ...second.items]).toEqual(both);
        expect(second.nextCursor).toBeNull();
      });

      it('of which none is among the callbacks', async () => {
        expect(await idsOf({ stream: 'refused' })).toEqual([]);
      });
    });
  });
});
