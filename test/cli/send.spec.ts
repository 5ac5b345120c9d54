/**
 * `live-callback send`: what is sent, what the answers are said to mean, and when it counts as done.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SENT_KINDS } from '../../src/cli/send/kind-builders.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { signatureOf } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { answering, startReceiver } from '../support/callback-receiver.js';
import { freePort } from '../support/free-port.js';
import { scratchHost } from '../support/scratch.js';
import { cli, scratchFolder, URL_TOKEN } from './cli-support.js';

const ENV = { LIVE_CALLBACK_KEYS: KEY };

describe('send, to the module', () => {
  it('sends every kind that CSS sends, signed, and is done when all are stored', async () => {
    expect(SENT_KINDS.toSorted()).toEqual(EVENT_DEFINITIONS.map(({ kind }) => kind).toSorted());
    const host = await scratchHost();
    const env = { ...ENV, LIVE_CALLBACK_URL: `${host.url}/live-callback/` };
    for (const kind of SENT_KINDS) {
      const { code, stdout } = await cli(['send', kind], { env });
      expect([kind, code]).toEqual([kind, 0]);
      expect(stdout).toContain(`/live-callback/${kind}: 200 {"code":0}`);
      expect(stdout).toContain('stored, now or before');
    }
  });

  it('takes the URL of a kind, as it stands in the console, for the base of all', async () => {
    const host = await scratchHost();
    for (const kind of ['stream-push', 'stream-interrupt']) {
      const url = `${host.url}/live-callback/stream-push?from=console`;
      const { code, stdout } = await cli(['send', kind, '--url', url], { env: ENV });
      expect([code, stdout]).toEqual([0, expect.stringContaining(`/live-callback/${kind}`)]);
      expect(stdout).not.toContain('stream-push/');
    }
  });

  it('says what a refusal may mean, and fails', async () => {
    const host = await scratchHost();
    const url = `${host.url}/live-callback`;
    const foreign = await cli(['send', 'stream-push', '-u', url, '--key', 'AnotherKeyThanTheirs']);
    expect(foreign.code).toBe(1);
    expect(foreign.stdout).toContain('401 {"code":401}');
    expect(foreign.stdout).toContain('the key differs');
    expect(foreign.stdout).not.toContain('AnotherKeyThanTheirs');
    const late = await cli(['send', 'stream-push', '-u', url, '--t', '1700000000'], { env: ENV });
    expect([late.code, late.stdout]).toEqual([1, expect.stringContaining('expired')]);
    const unsigned = await cli(['send', 'relay', '-u', url, '--unsigned', '--json']);
    expect(unsigned.json()).toMatchObject([{ kind: 'relay', status: 401, answer: '{"code":401}' }]);
    const lost = await cli(['send', 'stream-push', '-u', host.url], { env: ENV });
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('no such route')]);
  });

  it('sends the token of the URL without showing it', async () => {
    const host = await scratchHost({ options: { urlToken: URL_TOKEN, unsigned: ['relay'] } });
    const env = { ...ENV, LIVE_CALLBACK_URL: `${host.url}/live-callback` };
    expect((await cli(['send', 'stream-push'], { env })).code).toBe(1);
    const given = await cli(['send', 'stream-push', '--token', URL_TOKEN], { env });
    expect([given.code, given.stdout]).toEqual([0, expect.stringContaining('stream-push?***')]);
    const fromEnv = { ...env, LIVE_CALLBACK_URL_TOKEN: URL_TOKEN };
    expect((await cli(['send', 'relay', '--unsigned'], { env: fromEnv })).code).toBe(0);
  });
});

describe('send, to a bare receiver', () => {
  it('puts stream, domain, path and any field where the kind has them', async () => {
    const receiver = await startReceiver();
    const where = ['--stream', 'room', '--domain', 'Push.example.com', '--app-name', 'show'];
    const set = ['--set', 'errcode=3', '--set', 'errmsg=bye', '--set', 'ext={"a":[1]}'];
    const big = ['--set', 'id=9223372036854775807', '--sequence', '42'];
    const args = ['send', 'stream-interrupt', '-u', receiver.url, ...where, ...set, ...big];
    expect((await cli([...args, '--t', '1999999999'], { env: ENV })).code).toBe(0);
    await cli(['send', 'image-audit', '-u', receiver.url, '--stream', 'room'], { env: ENV });
    await cli(['send', 'summary', '-u', receiver.url, '--app-name', 'show'], { env: ENV });
    const [interrupt, image, summary] = receiver.requests;
    expect(interrupt).toMatchObject({
      method: 'POST',
      url: '/stream-interrupt',
      payload: {
        event_type: 0,
        app: 'Push.example.com',
        appname: 'show',
        stream_id: 'room',
        channel_id: 'room',
        sequence: '42',
        errcode: 3,
        errmsg: 'bye',
        ext: { a: [1] },
        id: '9223372036854775807',
        t: 1999999999,
        sign: signatureOf(KEY, 1999999999),
      },
    });
    expect(image?.payload).toMatchObject({ streamId: 'room', channelId: 'room' });
    expect(summary?.payload).toMatchObject({ path: 'show' });
  });

  it('sends several, and each again, as CSS does', async () => {
    const receiver = await startReceiver();
    const args = ['send', 'stream-push', '-u', receiver.url, '--exact-url', '--json'];
    const run = await cli([...args, '--count', '2', '--duplicate', '1', '--interval', '1ms'], {
      env: ENV,
    });
    expect(run.json()).toHaveLength(4);
    const sequences = receiver.requests.map(({ payload }) => payload['sequence']);
    expect(sequences[0]).toBe(sequences[1]);
    expect(sequences[2]).toBe(sequences[3]);
    expect(new Set(sequences).size).toBe(2);
    expect(receiver.requests[0]?.url).toBe('/');
    for (const { payload } of receiver.requests) {
      expect(JSON.stringify(run)).not.toContain(payload['sign']);
    }
  });

  it('takes the body from a file or from stdin, and signs it anew', async () => {
    const receiver = await startReceiver();
    const file = join(scratchFolder(), 'body.json');
    writeFileSync(file, '{"event_type":402,"mix_id":"m","t":1,"sign":"old"}');
    const to = ['-u', receiver.url];
    expect((await cli(['send', 'stream-mix', ...to, '--file', file], { env: ENV })).code).toBe(0);
    const stdin = '{"event_type":1}';
    const piped = await cli(['send', 'stream-push', ...to, '--file', '-'], { env: ENV, stdin });
    expect(piped.code).toBe(0);
    expect(receiver.requests[0]?.payload).toMatchObject({ event_type: 402, mix_id: 'm' });
    expect(receiver.requests[0]?.payload['t']).toBeGreaterThan(1_700_000_000);
    expect(Object.keys(receiver.requests[1]?.payload ?? {})).toEqual(['event_type', 't', 'sign']);
  });

  it('takes the key that is bound to the domain', async () => {
    const receiver = await startReceiver();
    const MY_KEYS = 'a.example=KeyOfTheDomainA, KeyOfAllOthers';
    const args = ['send', 'stream-push', '-u', receiver.url, '--key-env', 'MY_KEYS'];
    await cli([...args, '--domain', 'A.example'], { env: { MY_KEYS } });
    await cli(args, { env: { MY_KEYS } });
    const signers = ['KeyOfTheDomainA', 'KeyOfAllOthers'];
    expect(receiver.requests).toHaveLength(2);
    receiver.requests.forEach(({ payload: { t, sign } }, index) => {
      expect(sign).toBe(signatureOf(signers[index] ?? '', Number(t)));
    });
    const none = await cli([...args, '--domain', 'b.example'], {
      env: { MY_KEYS: 'a.example=KeyOfTheDomainA' },
    });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('b.example')]);
  });

  it.each([
    [201, 'Created', 'not a route of the module'],
    [200, '<html>', 'not the answer of the module'],
    [302, '', 'a redirect'],
    [401, '<html>', 'a guard of the application'],
    [413, '<html>', 'a proxy limits bodies'],
    [502, 'Bad Gateway', 'a proxy cannot reach'],
    [503, '{"code":503}', 'the database is away'],
    [418, 'teapot', 'not 200, which alone is success'],
  ])('explains %i %s', async (status, body, meaning) => {
    const receiver = await startReceiver(answering(status, body));
    const run = await cli(['send', 'stream-push', '-u', receiver.url], { env: ENV });
    expect(run.stdout).toContain(meaning);
    expect(run.code).toBe(status === 200 ? 0 : 1);
  });

  it('explains that nobody listens, and that nobody answers', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const refused = await cli(['send', 'stream-push', '-u', url], { env: ENV });
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    const receiver = await startReceiver(() => {});
    const args = ['send', 'stream-push', '-u', receiver.url, '--timeout', '50ms'];
    const silent = await cli(args, { env: ENV });
    expect(silent.stdout).toContain('no answer within 50 ms');
  });
});

describe('send, misunderstood', () => {
  it.each([
    [['send'], "missing required argument 'kind'"],
    [['send', 'stream-posh'], 'CSS has no kind "stream-posh". Kinds: stream-push,'],
    [['send', 'stream-push', '-u', 'ftp://x'], 'must be a URL that begins with http://'],
    [['send', 'stream-push', '--count', '0'], 'must be an integer from 1 to'],
    [['send', 'stream-push', '--timeout', 'soon'], 'must be a duration such as 500ms'],
    [['send', 'stream-push', '--set', 'errcode'], '--set takes field=value'],
    [['send', 'subtitles', '--domain', 'a.example'], 'has no field for --domain'],
    [['send', 'stream-push', '--file', '/nowhere.json'], 'cannot be read (ENOENT)'],
    [['send', 'stream-push', '--file', '-'], 'stdin is not JSON'],
    [['send', 'stream-push', '--unsigned', '--t', '1'], '--unsigned goes without'],
    [['send', 'stream-push', '--tokn=TokenThatNobodyMaySee'], "unknown option '--tokn'"],
    [['sned'], "unknown command 'sned'"],
  ])('%j: says what, and exits with 2', async (args, message) => {
    const run = await cli(args, { env: ENV });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(run.stderr).not.toContain('TokenThatNobodyMaySee');
    expect(run.stdout).toBe('');
  });

  it('without a key says where to put it', async () => {
    const run = await cli(['send', 'stream-push']);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('set LIVE_CALLBACK_KEYS')]);
  });
});
