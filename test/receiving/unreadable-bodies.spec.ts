/**
 * Callbacks that are authentic and no JSON, because their sender did not escape a text: they are kept
 * byte for byte, quarantined, signalled and acknowledged, on each adapter and database alike. Without a
 * pair that can be read and verified they are refused.
 */
import { rmSync } from 'node:fs';

import { describe, expect, it, vi } from 'vitest';

import { keepBody } from '../../src/events/payload/kept-body.js';
import { salvagePayload } from '../../src/events/payload/salvaged-payload.js';
import { LiveCallbackAuditService, onLiveCallbackSignal } from '../../src/index.js';
import { maskedBody } from '../../src/operations/masked-body.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { EventRecorder } from '../support/event-recorder.js';
import { fileOf, scratchDatabase, scratchHost } from '../support/scratch.js';
import { STAGES } from '../support/stages.js';

const HEADERS = { 'content-type': 'application/json' };
const ACCEPTED = { status: 200, text: '{"code":0}' };
const REFUSED = { status: 400, text: '{"code":400}' };

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY }).body;
/** A signed push with these bytes in `stream_param`, as they stand. */
function withRaw(raw: Buffer | string, body = push({ stream_param: 'RAW' })): Buffer {
  const [before = '', after = ''] = body.split('RAW');
  return Buffer.concat([Buffer.from(before), Buffer.from(raw), Buffer.from(after)]);
}
const auditOf = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });

const BODIES: Record<string, { body: () => Buffer; encoding: 'utf8' | 'base64' }> = {
  'a raw tab in a text': { body: () => withRaw('a\tb'), encoding: 'utf8' },
  'a raw line feed in a text': { body: () => withRaw('a\r\nb'), encoding: 'utf8' },
  'an escape that JSON does not know': { body: () => withRaw('\\x41'), encoding: 'utf8' },
  'quotes in a text': { body: () => withRaw('say "hi" there'), encoding: 'utf8' },
  'other scripts beside it': { body: () => withRaw('直播间\t🎥'), encoding: 'utf8' },
  'bytes that are not UTF-8': {
    body: () => withRaw(Buffer.from([0xd6, 0xd0, 0xb9, 0xfa])),
    encoding: 'base64',
  },
  'a NUL in a text': { body: () => withRaw('a\0b'), encoding: 'base64' },
  'a NUL behind it': { body: () => Buffer.from(`${push()}\0`), encoding: 'base64' },
  'text behind it': { body: () => Buffer.from(`${push()}\n<!-- -->`), encoding: 'utf8' },
  'two byte order marks': { body: () => Buffer.from(`\ufeff\ufeff${push()}`), encoding: 'utf8' },
};

describe.each(STAGES)('on $stage', ({ adapter, isAbsent, create }) => {
  it.skipIf(isAbsent)(
    'an authentic body that is not JSON is kept byte for byte, quarantined, signalled and answered with 200',
    async () => {
      const host = await scratchHost({
        adapter,
        database: await scratchDatabase(create),
        module: { providers: [EventRecorder] },
      });
      const signals: object[] = [];
      onTestFinished(onLiveCallbackSignal('quarantined', (signal) => signals.push(signal)));
      for (const { body: make, encoding } of Object.values(BODIES)) {
        const body = make();
        for (const receiptsCount of [1, 2]) {
          expect(
            await host.post('/live-callback/stream-push', { headers: HEADERS, body }),
          ).toMatchObject(ACCEPTED);
          const { items } = await auditOf(host).find({ limit: 1 });
          const detail = await auditOf(host).get(items[0]!.id);
          expect(detail).toMatchObject({
            kind: 'stream-push',
            eventType: 1,
            state: 'quarantined',
            stream: { domain: 'push.example.com', name: 'test_stream' },
            receiptsCount,
            bodyEncoding: encoding,
            data: null,
            errors: [expect.stringMatching(/^(json|utf8)-invalid: /)],
            deliveries: [],
          });
          expect(Buffer.from(detail!.body!, encoding)).toEqual(body);
        }
      }
      expect(signals).toHaveLength(Object.keys(BODIES).length);
      expect(host.app.get(EventRecorder).events).toEqual([]);
      const kept = { accepted: 0, kept: signals.length };
      expect(await auditOf(host).requeue()).toEqual(kept);
      await auditOf(host).discard({ state: 'quarantined' }, { reason: 'broken', actor: 'ops' });
      const [first] = (await auditOf(host).find({ state: 'discarded' })).items;
      expect(await auditOf(host).get(first!.id)).toMatchObject({ data: null, state: 'discarded' });
      expect(await auditOf(host).requeue({ state: 'discarded' })).toEqual(kept);
    },
  );

  it.skipIf(isAbsent)(
    'without a pair that can be read and verified it is refused with 400',
    async () => {
      const host = await scratchHost({ adapter, database: await scratchDatabase(create) });
      const raw = (body: string) => withRaw('a\tb', body);
      const param = { stream_param: 'RAW' };
      const bodies = [
        raw(JSON.stringify(streamPushCallback(param))),
        raw(signCallback(streamPushCallback(param), { key: 'AnotherKey' }).body),
        raw(push(param).replace(/"t":\d/, '"t":x')),
        raw(push(param).replace('"t":', '"T":')),
        raw(push({ ...param, t2: 1 }).replace('"t2":1', '"t":1800000000')),
        raw(signCallback(streamPushCallback(param), { key: KEY, t: 1_700_000_000 }).body),
        raw(push(param)).subarray(0, 40),
        Buffer.from('\t'),
        Buffer.from('{'.repeat(1_000)),
      ];
      for (const body of bodies) {
        expect(await host.post('/live-callback', { headers: HEADERS, body })).toMatchObject(
          REFUSED,
        );
      }
      expect((await auditOf(host).find()).items).toEqual([]);
    },
  );
});

describe('a body that is not JSON', () => {
  it('is refused where a key is bound to a domain that is not the one that stands there', async () => {
    const keys = [{ key: KEY, domain: 'tenant.example.com' }];
    const host = await scratchHost({ options: { keys } });
    const send = (app: unknown, change = (text: string) => text) =>
      host.post('/live-callback', {
        headers: HEADERS,
        body: withRaw('a\tb', change(push({ app, stream_param: 'RAW' }))),
      });
    expect(await send('tenant.example.com')).toMatchObject(ACCEPTED);
    expect(await send('other.example.com')).toMatchObject(REFUSED);
    const twice = (text: string) => text.replace('{', '{"app":"other.example.com",');
    expect(await send('tenant.example.com', twice)).toMatchObject(REFUSED);
  });

  it('waits in the spool, and is taken in from there as it came', async () => {
    const database = await scratchDatabase();
    const path = `${fileOf(database)}.spool`;
    onTestFinished(() => rmSync(path, { force: true }));
    const host = await scratchHost({ database, options: { spool: { path } } });
    const { writer } = host.app.get(CallbackDatabase, { strict: false });
    const insert = vi.spyOn(writer, 'insert').mockRejectedValue(new Error('away'));
    const bodies = [withRaw('a\tb'), withRaw(Buffer.from([0xff, 0x00]))];
    for (const body of bodies) {
      expect(await host.post('/live-callback', { headers: HEADERS, body })).toMatchObject(ACCEPTED);
    }
    insert.mockRestore();
    await vi.waitFor(async () => {
      expect((await auditOf(host).find()).items).toHaveLength(2);
    }, 10_000);
    const ids = (await auditOf(host).find()).items.map(({ id }) => id).toReversed();
    const kept = await Promise.all(ids.map((id) => auditOf(host).get(id)));
    expect(kept.map((row) => Buffer.from(row!.body!, row!.bodyEncoding))).toEqual(bodies);
    expect(kept.map((row) => row!.state)).toEqual(['quarantined', 'quarantined']);
  });

  it('shows no signature, whatever its encoding', () => {
    for (const body of [withRaw('a"\tb'), withRaw(Buffer.from([0xff, 0x00]))]) {
      const { body: kept, bodyEncoding } = keepBody(body);
      const shown = Buffer.from(maskedBody(kept, bodyEncoding), bodyEncoding).toString('latin1');
      expect(shown).not.toContain(salvagePayload(body)!.value['sign']);
      expect(shown).toContain('test_stream');
    }
  });

  it('is read in one pass, however it is made', () => {
    const size = 250_000;
    const hostile = [
      `{${'"'.repeat(size)}`,
      `{"a":${'" '.repeat(size / 2)}`,
      `{"a":"${'"   x'.repeat(size / 5)}`,
      `{${'\\'.repeat(size)}`,
      `{${']'.repeat(size)}`,
      `{${'[{'.repeat(size / 2)}`,
      `{${'"t":'.repeat(size / 4)}`,
      `{${'"t":1,'.repeat(size / 6)}`,
      `{${','.repeat(size)}`,
      `{"a":"${' '.repeat(size)}`,
    ];
    const startedAt = performance.now();
    for (const text of hostile) salvagePayload(Buffer.from(text));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it.each<[string, object]>([
    ['{"t":1703732078,"x":"a\tb","sign":"s"}', { t: 1703732078, sign: 's' }],
    ['{"x":"a\\","t":"1","sign":"s"}', { sign: 's' }],
    ['{"x":"said "hi" to","t":"1"}', { t: '1' }],
    ['{"x":{"t":1,"sign":[{"sign":"no"}]},"t":2 }garbage"t":3', { t: 2 }],
    ['{"x":"\\"t\\":1","t":2}', { t: 2 }],
    ['{x:y,"t":2}', { t: 2 }],
    ['{"t":[1],"sign":true}', { t: null, sign: null }],
    ['{"sequence":18446744073709551615,\0"t":2}', { sequence: '18446744073709551615', t: 2 }],
    ['{"t":2"sign":"s"}', { t: 2, sign: 's' }],
    [`{"t":2,"sign":"${'a'.repeat(32)}"|`, { t: 2, sign: 'a'.repeat(32) }],
    ['{"x":"{\\\\"y\\\\":2}","t":2}', { t: 2 }],
    ['{]"t":2}', { t: 2 }],
    ['{"event_type":1', { event_type: 1 }],
  ])('%j is read as %j', (text, value) => {
    expect(salvagePayload(Buffer.from(text))?.value).toEqual(value);
  });
});
