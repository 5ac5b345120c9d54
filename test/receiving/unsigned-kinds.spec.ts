/**
 * Kinds that CSS does not sign (docs/protocol.md, 1.5), as the documents print them: refused unless
 * the host names them, and then only with the secret of the URL. What is not named, and what claims
 * a signature, is verified as ever. The secret appears nowhere but in the URL.
 */
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { EventCatalog } from '../../src/events/event-catalog.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import {
  CallbackVerifier,
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  type LiveCallbackModuleOptions,
  type LiveEvent,
  type LiveEventKind,
} from '../../src/index.js';
import {
  signatureOf,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type Answer, type Host } from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';
import { samplesOf } from '../support/documented-samples.js';
import { EventRecorder } from '../support/event-recorder.js';
import { LogLines } from '../support/log-lines.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';

const TOKEN = 'Token-of-the-URL-0123456789';
const WRONG_TOKEN = 'Token-of-the-URL-9876543210';
const OK = { status: 200, text: '{"code":0}' };
const REFUSED = { status: 401, text: '{"code":401}' };

/** The kinds whose samples hold neither `t` nor `sign`. */
const KINDS = [
  'relay',
  'monitor',
  'audio-audit',
  'quality-control',
  'eval-threshold',
  'eval-average',
  'summary',
  'highlight',
] as const satisfies readonly LiveEventKind[];
const SAMPLES = KINDS.flatMap((kind) => samplesOf(kind).map((sample) => ({ kind, ...sample })));
const firstOf = (kind: LiveEventKind) => samplesOf(kind)[0]!.text;
const RELAY = firstOf('relay');
const relay = () => JSON.parse(RELAY) as Record<string, unknown>;

const seconds = () => Math.floor(Date.now() / 1000);

/** A host of a suite, with what it has stored and logged. */
class Suite {
  readonly logger = new LogLines();
  private database!: TestDatabase;
  host!: Host;

  constructor(
    private readonly adapter: (typeof ADAPTERS)[number],
    private readonly options: Partial<LiveCallbackModuleOptions>,
  ) {}

  async open(): Promise<void> {
    this.database = await createSqlite();
    this.host = await startHost({
      adapter: this.adapter,
      database: this.database.options,
      options: this.options,
      module: { providers: [EventRecorder] },
      application: { logger: this.logger },
    });
  }

  async close(): Promise<void> {
    await this.host?.close();
    await this.database?.drop();
  }

  get events(): LiveEvent[] {
    return this.host.app.get(EventRecorder).events;
  }

  get audit(): LiveCallbackAuditService {
    return this.host.app.get(LiveCallbackAuditService, { strict: false });
  }

  async post(body: string, path: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.host.post(path, { headers, body });
    await whenListenersDone(this.host.app);
    return answer;
  }

  async latest() {
    const { items } = await this.audit.find({ limit: 1 });
    return (await this.audit.get(items[0]?.id ?? ''))!;
  }

  async countRows(): Promise<number> {
    return (await this.audit.find({ limit: 500 })).items.length;
  }
}

describe('the samples', () => {
  it('are of every kind that lacks a signature, and hold none', () => {
    const unsigned = new EventCatalog().definitions.filter(({ signed }) => signed === false);
    expect(KINDS).toEqual(expect.arrayContaining(unsigned.map(({ kind }) => kind)));
    expect(SAMPLES.map(({ kind }) => kind)).toEqual(expect.arrayContaining([...KINDS]));
    for (const { text } of SAMPLES) expect(text).not.toMatch(/"(t|sign)"/);
  });
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe('without the option', () => {
    const suite = new Suite(adapter, {});
    beforeAll(() => suite.open());
    afterAll(() => suite.close());

    it.each(SAMPLES)('$file is refused', async ({ kind, text }) => {
      expect(await suite.post(text, `/live-callback/${kind}`)).toMatchObject(REFUSED);
      expect(await suite.post(text, `/live-callback?token=${TOKEN}`)).toMatchObject(REFUSED);
      expect(await suite.countRows()).toBe(0);
      expect(suite.events).toEqual([]);
    });

    it.each(SAMPLES)('$file is accepted when it is signed', async ({ kind, text }) => {
      const { body } = signCallback(JSON.parse(text) as object, { key: KEY });
      expect(await suite.post(body, `/live-callback/${kind}`)).toMatchObject(OK);
      expect(await suite.latest()).toMatchObject({ kind, state: 'accepted', body });
    });
  });

  describe('with the token alone', () => {
    const suite = new Suite(adapter, { urlToken: TOKEN });
    beforeAll(() => suite.open());
    afterAll(() => suite.close());

    it('a kind without a signature is refused', async () => {
      const path = `/live-callback/relay?token=${TOKEN}`;
      expect(await suite.post(RELAY, path)).toMatchObject(REFUSED);
      expect(await suite.countRows()).toBe(0);
    });

    it.each(['/live-callback', '/live-callback/stream-push'])(
      'a signed kind at %s needs it too',
      async (path) => {
        const { body } = signCallback(streamPushCallback(), { key: KEY });
        expect(await suite.post(body, path)).toMatchObject(REFUSED);
        expect(await suite.post(body, `${path}?token=${WRONG_TOKEN}`)).toMatchObject(REFUSED);
        const before = await suite.countRows();
        expect(await suite.post(body, `${path}?token=${TOKEN}`)).toMatchObject(OK);
        expect(await suite.countRows()).toBe(before + 1);
      },
    );
  });

  describe('with the kinds and the token', () => {
    const suite = new Suite(adapter, { urlToken: TOKEN, unsigned: KINDS });
    beforeAll(() => suite.open());
    afterAll(() => suite.close());
    beforeEach(() => {
      suite.events.length = 0;
    });

    it.each(SAMPLES)('$file is accepted as documented, byte for byte', async ({ kind, text }) => {
      const path = `/live-callback/${kind}?token=${TOKEN}`;
      expect(await suite.post(text, path)).toMatchObject(OK);
      expect(suite.events).toMatchObject([{ kind, raw: JSON.parse(text) }]);
      const stored = await suite.latest();
      expect(Buffer.from(stored.body!)).toEqual(Buffer.from(text));
      expect(stored).toMatchObject({
        kind,
        state: 'accepted',
        conflicting: false,
        receiptsCount: 1,
        deliveries: [{ state: 'done' }],
      });
    });

    it.each(SAMPLES)('$file sent again is a duplicate, signed or not', async ({ kind, text }) => {
      const before = await suite.countRows();
      const { t, sign } = JSON.parse(signCallback({}, { key: KEY }).body) as Record<
        string,
        unknown
      >;
      // As text, for numbers count by theirs.
      const signed = `${text.trimEnd().slice(0, -1)},"t":${String(t)},"sign":"${String(sign)}"}`;
      for (const body of [text, `${text}\n`, signed]) {
        expect(await suite.post(body, `/live-callback?token=${TOKEN}`)).toMatchObject(OK);
      }
      expect(await suite.countRows()).toBe(before);
      expect(suite.events).toEqual([]);
      const { items } = await suite.audit.find({ kind, limit: 500 });
      expect(items.map(({ receiptsCount }) => receiptsCount)).toContain(4);
    });

    it('one whose event_type is a text is of its kind too', async () => {
      const body = JSON.stringify({ ...relay(), event_type: '314', task_id: 'text' });
      expect(await suite.post(body, `/live-callback/relay?token=${TOKEN}`)).toMatchObject(OK);
      expect(suite.events).toMatchObject([{ kind: 'relay' }]);
    });

    it('one whose task cannot be read is quarantined', async () => {
      const body = JSON.stringify({ ...relay(), task_id: { a: 1 } });
      expect(await suite.post(body, `/live-callback/relay?token=${TOKEN}`)).toMatchObject(OK);
      expect(await suite.latest()).toMatchObject({ kind: 'relay', state: 'quarantined', body });
      expect(suite.events).toEqual([]);
    });

    it('one at the URL of a signed kind is what it says it is, and flagged', async () => {
      const body = JSON.stringify({ ...relay(), task_id: 'stray' });
      expect(await suite.post(body, `/live-callback/stream-push?token=${TOKEN}`)).toMatchObject(OK);
      expect(suite.events).toMatchObject([{ kind: 'relay' }]);
      expect((await suite.latest()).warnings).toContain('other-route: stream-push');
    });

    describe('one is refused', () => {
      it.each<[string, string]>([
        ['without a token', ''],
        ['with an empty query', '?'],
        ['with an empty token', '?token='],
        ['with a wrong token', `?token=${WRONG_TOKEN}`],
        ['with a shorter token', `?token=${TOKEN.slice(0, -1)}`],
        ['with a longer token', `?token=${TOKEN}0`],
        ['with a token in other letters', `?token=${TOKEN.toLowerCase()}`],
        ['with the token twice', `?token=${TOKEN}&token=${TOKEN}`],
        ['with the token before a wrong one', `?token=${TOKEN}&token=${WRONG_TOKEN}`],
        ['with the token after a wrong one', `?token=${WRONG_TOKEN}&token=${TOKEN}`],
        ['with the token after an empty one', `?token&token=${TOKEN}`],
        ['with the token in a list', `?token[]=${TOKEN}`],
        ['with the token under another name', `?Token=${TOKEN}`],
        ['with the token in another parameter', `?x=token=${TOKEN}`],
        ['with the token behind a hash', `?x=1#token=${TOKEN}`],
      ])('%s', async (_case, query) => {
        const before = await suite.countRows();
        const body = JSON.stringify({ ...relay(), task_id: 'tokenless' });
        expect(await suite.post(body, `/live-callback/relay${query}`)).toMatchObject(REFUSED);
        expect(await suite.post(body, `/live-callback${query}`)).toMatchObject(REFUSED);
        expect(await suite.countRows()).toBe(before);
        expect(suite.events).toEqual([]);
      });

      it('with the token in the body, a header or a cookie', async () => {
        const host = await scratchHost({
          adapter,
          options: { urlToken: TOKEN, unsigned: KINDS },
        });
        const headers = {
          'content-type': 'application/json',
          authorization: `Bearer ${TOKEN}`,
          cookie: `token=${TOKEN}`,
          token: TOKEN,
        };
        const body = JSON.stringify({ ...relay(), token: TOKEN });
        expect(await host.post('/live-callback/relay', { headers, body })).toMatchObject(REFUSED);
        const audit = host.app.get(LiveCallbackAuditService, { strict: false });
        expect((await audit.find()).items).toEqual([]);
      });

      const t = seconds() + 600;
      const good = signatureOf(KEY, t);
      it.each<[string, Record<string, unknown>]>([
        ['with t alone', { t }],
        ['with sign alone', { sign: good }],
        ['with t and an empty sign', { t, sign: '' }],
        ['with t and a null sign', { t, sign: null }],
        ['with a null pair', { t: null, sign: null }],
        ['with an empty pair', { t: '', sign: '' }],
        ['with the sign of another key', { t, sign: signatureOf('AnotherKeyAltogether', t) }],
        ['with the sign of another time', { t: t - 1, sign: good }],
        ['with a sign that has expired', { t: t - 700, sign: signatureOf(KEY, t - 700) }],
        ['with a sign in capitals', { t, sign: good.toUpperCase() }],
      ])('%s', async (_case, pair) => {
        const before = await suite.countRows();
        const body = JSON.stringify({ ...relay(), ...pair });
        const path = `/live-callback/relay?token=${TOKEN}`;
        expect(await suite.post(body, path)).toMatchObject(REFUSED);
        expect(await suite.countRows()).toBe(before);
        expect(suite.events).toEqual([]);
      });

      it.each<[string, Record<string, unknown>]>([
        ['of a kind that is not named', streamPushCallback()],
        ['of an unknown event_type', { ...relay(), event_type: 9001 }],
        ['without an event_type', { ...relay(), event_type: undefined }],
        ['with an event_type that is no number', { ...relay(), event_type: [314] }],
        ['of a kind that is not named, at the URL of one that is', { ...relay(), event_type: 1 }],
      ])('when it is %s', async (_case, callback) => {
        const before = await suite.countRows();
        for (const path of ['/live-callback', '/live-callback/relay']) {
          const answer = await suite.post(JSON.stringify(callback), `${path}?token=${TOKEN}`);
          expect(answer).toMatchObject(REFUSED);
        }
        expect(await suite.countRows()).toBe(before);
      });

      it('when the last of two event_types is not named', async () => {
        const body = RELAY.replace('"event_type": 314', '"event_type": 314, "event_type": 1');
        expect(body).not.toBe(RELAY);
        const path = `/live-callback/relay?token=${TOKEN}`;
        expect(await suite.post(body, path)).toMatchObject(REFUSED);
      });
    });

    it('one that carries a pair inside another field is unsigned, and accepted', async () => {
      const body = JSON.stringify({ ...relay(), task_id: 'nested', extra: { t: 1, sign: 'x' } });
      expect(await suite.post(body, `/live-callback/relay?token=${TOKEN}`)).toMatchObject(OK);
    });

    it('without HTTP nothing is unsigned, unless the caller vouches for the URL', async () => {
      const verifier = suite.host.app.get(CallbackVerifier, { strict: false });
      const payload = parsePayload(RELAY);
      await expect(verifier.verify(payload)).rejects.toMatchObject({ reason: 't-missing' });
      await expect(verifier.verify(payload, true)).resolves.toBeUndefined();
    });

    it('the token appears in no log line, row or answer', async () => {
      const answers = [
        await suite.post(RELAY, `/live-callback/relay?token=${TOKEN}`),
        await suite.post(RELAY, `/live-callback/monitor?token=${TOKEN}`),
        await suite.post(RELAY, `/live-callback/relay?token=${TOKEN}&token=${TOKEN}`),
        await suite.post(RELAY, `/live-callback/relay?token=${WRONG_TOKEN}`),
        await suite.post('{', `/live-callback/relay?token=${TOKEN}`),
        await suite.post(RELAY, `/live-callback/nothing?other=${TOKEN}`),
        await suite.post(
          JSON.stringify(streamPushCallback()),
          `/live-callback/stream-push?token=${TOKEN}`,
        ),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401, 400, 404, 401]);
      // The adapters' own 404 repeats the URL that it was asked for.
      const [, , , , , notFound] = answers;
      const own = answers.filter((answer) => answer !== notFound);
      const said = own.map(({ text, headers }) => text + JSON.stringify([...headers]));
      await suite.host.close();
      const dataSource = await new DataSource({
        ...suite.host.app.get(DataSource).options,
        entities: [...LIVE_CALLBACK_ENTITIES],
      }).initialize();
      const rows: unknown[] = [];
      for (const entity of LIVE_CALLBACK_ENTITIES) {
        const found = await dataSource.getRepository<object>(entity).find();
        rows.push(...found.map((row) => ({ ...row, of: entity.name })));
      }
      await dataSource.destroy();
      for (const name of ['LiveCallback', 'LiveCallbackDelivery', 'LiveCallbackRejection']) {
        expect(rows).toContainEqual(expect.objectContaining({ of: name }));
      }
      expect(suite.logger.lines).not.toEqual([]);
      const everything = [suite.logger.text, JSON.stringify(rows), ...said].join('\n');
      expect(everything).toContain('url-token');
      expect(everything).not.toContain(TOKEN);
      expect(everything).not.toContain(WRONG_TOKEN);
    });
  });

  describe('with one of the two evaluations alone', () => {
    const suite = new Suite(adapter, { urlToken: TOKEN, unsigned: ['eval-average'] });
    beforeAll(() => suite.open());
    afterAll(() => suite.close());

    it('the other is refused, although both samples carry its event_type', async () => {
      const path = `/live-callback/eval-average?token=${TOKEN}`;
      expect(await suite.post(firstOf('eval-threshold'), path)).toMatchObject(REFUSED);
      expect(await suite.post(firstOf('eval-average'), path)).toMatchObject(OK);
      expect(suite.events.map(({ kind }) => kind)).toEqual(['eval-average']);
    });
  });

  describe('with unknown callbacks named', () => {
    const suite = new Suite(adapter, { urlToken: TOKEN, unsigned: ['unknown'] });
    beforeAll(() => suite.open());
    afterAll(() => suite.close());

    it('those alone are accepted unsigned', async () => {
      const path = `/live-callback?token=${TOKEN}`;
      expect(await suite.post('{"event_type":9001}', path)).toMatchObject(OK);
      expect(await suite.post(RELAY, path)).toMatchObject(REFUSED);
      expect(suite.events.map(({ kind }) => kind)).toEqual(['unknown']);
    });
  });
});

describe('a start is refused when', () => {
  const allKinds = new EventCatalog().kinds.join(', ');
  it.each<[string, Record<string, unknown>, string]>([
    [
      'a kind is unsigned and there is no token',
      { unsigned: ['relay'] },
      'urlToken is missing: without a signature, a secret in the URL is all that tells CSS from others. Set urlToken, and enter the URLs with ?token=….',
    ],
    [
      'the token is too short for it',
      { unsigned: ['relay'], urlToken: 'short' },
      'urlToken must be a string of at least 16 characters; leave it out to do without.',
    ],
    [
      'an unsigned kind is none',
      { unsigned: ['relay', 'relays'], urlToken: TOKEN },
      `unsigned[1] is no kind. Kinds: ${allKinds}.`,
    ],
    [
      'unsigned kinds are written as a star',
      { unsigned: ['*'], urlToken: TOKEN },
      `unsigned[0] is no kind. Kinds: ${allKinds}.`,
    ],
    [
      'an unsigned kind is an event_type',
      { unsigned: [314], urlToken: TOKEN },
      `unsigned[0] is no kind. Kinds: ${allKinds}.`,
    ],
    [
      'unsigned is text',
      { unsigned: 'relay', urlToken: TOKEN },
      'unsigned must be a list of kinds: ["relay", "monitor"].',
    ],
    [
      'unsigned is a flag',
      { unsigned: true, urlToken: TOKEN },
      'unsigned must be a list of kinds: ["relay", "monitor"].',
    ],
    [
      'unsigned is null',
      { unsigned: null, urlToken: TOKEN },
      'unsigned must be a list of kinds: ["relay", "monitor"].',
    ],
  ])('%s', async (_case, options, message) => {
    const error = await errorOfStart(scratchHost({ options }));
    expect(error).toMatchObject({ name: 'LiveCallbackOptionsError', message });
    expect(error.message).not.toContain(TOKEN);
  });

  it('not when the list is empty', async () => {
    const host = await scratchHost({ options: { unsigned: [] } });
    const signed = signCallback(streamPushCallback(), { key: KEY });
    expect(await host.send(signed)).toMatchObject(OK);
  });
});
