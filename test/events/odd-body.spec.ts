/**
 * Two different bodies are two callbacks, whatever a JSON reader makes of them: what it drops or folds
 * counts in the digest and is warned about, and numbers count by their text.
 */
import { describe, expect, it } from 'vitest';

import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import { contentDigest } from '../../src/events/payload/callback-digest.js';
import { LiveCallbackAuditService, parsePayload } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { scratchHost } from '../support/scratch.js';

const digestOf = (text: string) => contentDigest('default', parsePayload(text).value);
const warningsOf = (text: string) =>
  new EventInterpreter(new EventCatalog(), 'default').interpret(parsePayload(text).value).warnings;

const BASE = JSON.stringify({ ...streamPushCallback(), sequence: '12', t: 1, sign: 'x' });
const withMember = (member: string) => BASE.replace('{', `{${member},`);
const withNumber = (lexeme: string) => withMember(`"extra":${lexeme}`);

describe('the digest', () => {
  it.each([
    [
      'a key that could reach a prototype',
      withMember('"__proto__":{"a":1}'),
      'dropped-key: __proto__',
    ],
    ['one written with escapes', withMember('"__pro\\u0074o__":{"a":1}'), 'dropped-key: __proto__'],
    [
      'one within another value',
      withMember('"extra":{"a":{"__proto__":1}}'),
      'dropped-key: __proto__',
    ],
    [
      'a constructor with a prototype',
      withMember('"constructor":{"prototype":{"a":1}}'),
      'dropped-key: constructor',
    ],
    ['a repeated key', withMember('"stream_id":"other"'), 'repeated-key: stream_id'],
    [
      'a repeated key with the same value',
      withMember('"event_type":1'),
      'repeated-key: event_type',
    ],
    [
      'a repeated key below the top',
      withMember('"extra":[{"a":1,"\\u0061":2}]'),
      'repeated-key: a',
    ],
    ['a number that no double holds', withMember('"extra":1e999'), 'number-out-of-range: extra'],
  ])('counts %s, and a warning tells of it', (_name, text, warning) => {
    expect(digestOf(text)).not.toBe(digestOf(BASE));
    expect(digestOf(text)).not.toBe(
      digestOf(
        text
          .replace(':{"a":1}', ':{"a":2}')
          .replace('"other"', '"third"')
          .replace('e999', 'e998')
          .replace('"prototype":{"a":2}', '"prototype":{"a":3}')
          .replace('"__proto__":1', '"__proto__":2')
          .replace('1,"\\u0061"', '3,"\\u0061"')
          .replace('{"event_type":1,', '{"event_type":0,'),
      ),
    );
    expect(warningsOf(text)).toContain(warning);
  });

  it('counts numbers by their text', () => {
    const lexemes = [
      '1',
      '1.0',
      '1e0',
      '1E0',
      '10e-1',
      '"1"',
      '0',
      '-0',
      '-0.0',
      '0.10',
      '0.1',
      '1.00000000000000000001',
      '9007199254740992',
      '"9007199254740992"',
      '9007199254740993',
      '"9007199254740993"',
      '18446744073709551616',
      '1e400',
      '1e401',
    ];
    expect(new Set(lexemes.map((lexeme) => digestOf(withNumber(lexeme)))).size).toBe(
      lexemes.length,
    );
  });

  it('is the same for a retry, which may renew the pair: of odd bodies, too', () => {
    for (const text of [BASE, withNumber('1.0'), withMember('"__proto__":{"t":1}')]) {
      const again = text.replace('"t":1,', '"t":2,').replace('"sign":"x"', '"sign" : "y"');
      expect(again).not.toBe(text);
      expect(digestOf(again)).toBe(digestOf(text));
    }
    expect(digestOf(withMember('"data":{"t":1}'))).not.toBe(digestOf(withMember('"data":{"t":2}')));
  });

  it('of what a sender writes plainly does not depend on the order of keys', () => {
    expect(digestOf('{"a":1,"b":[1.5,-2,{"c":null}]}')).toBe(
      digestOf('{ "b":[1.5,-2,{"c":null}],"a":1 }'),
    );
    expect(warningsOf(BASE)).toEqual([]);
  });
});

describe('a genuine callback', () => {
  it.each([
    ['__proto__', (body: string) => body.replace('{', '{"__proto__":{"x":1},')],
    ['a repeated key', (body: string) => body.replace('{', '{"stream_id":"decoy",')],
    [
      'another spelling of a number',
      (body: string) => body.replace('"appid":12345678', '"appid":12345678.0'),
    ],
  ])(
    'is stored with its own bytes, although one with %s came before it',
    async (name, disguise) => {
      const host = await scratchHost({});
      const signed = signCallback(streamPushCallback({ sequence: name }), { key: KEY });
      const decoy = disguise(signed.body);
      expect(decoy).not.toBe(signed.body);
      for (const body of [decoy, signed.body]) {
        expect(await host.send({ ...signed, body })).toMatchObject({ status: 200 });
      }
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find({});
      const details = await Promise.all(items.map(({ id }) => audit.get(id)));
      const bodies = details.map((detail) => detail?.body);
      expect(bodies).toEqual(expect.arrayContaining([decoy, signed.body]));
    },
  );
});
