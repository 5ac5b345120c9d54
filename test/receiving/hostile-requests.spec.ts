import { createHash, createHmac } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readPayload } from '../../src/events/payload/read-payload.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import {
  LiveCallback,
  LiveCallbackAuditService,
  OnLiveEvent,
  type CallbackDetail,
  type CallbackState,
  type LiveEvent,
  type RefusalReason,
} from '../../src/index.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type AdapterName, type Host } from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';
import { extendMd5 } from '../support/md5-extension.js';
import {
  chunked,
  exchange,
  RawConnection,
  requestBytes,
  type RawAnswer,
  type RawRequest,
} from '../support/raw-http.js';

/**
 * Covers what a caller may send to the callback routes, on both adapters, as far as one request or
 * one connection can show it: the pair and what it does not cover (docs/protocol.md, 1.3 to 1.5),
 * the form of the request, and the quirks of section 5 taken to extremes. A refused request gets its exact status and a body that says no more, leaves no row,
 * starts no listener, and is recorded under its reason. An authentic request gets 200 and is kept
 * as sent, however odd it is. All bytes go through a bare socket, so that no client mends them.
 *
 * The clock stands still at the worked example of docs/protocol.md, 1.3.
 */

const NOW = 1_703_731_478;
const T = NOW + 600;
const SIGN = '3fecf825f6676f24151c869b17e2351d';
const TENANT = { key: 'TenantKey2026wxyz9', domain: 'tenant.example.com' };
const ACCOUNT = { key: 'AccountKey2026wxyz', appId: '87654321' };
const LIMIT = 262_144;

@Injectable()
class Recorder {
  readonly events: LiveEvent[] = [];

  @OnLiveEvent('*')
  onEvent(event: LiveEvent) {
    this.events.push(event);
  }
}

// --- Making requests -----------------------------------------------------------------------------

const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex');
const quote = (value: unknown) => JSON.stringify(value);

/** A push with these JSON texts as its members `t` and `sign`. */
function withPair(t: string, sign: string, fields: Record<string, unknown> = {}): string {
  const callback = quote(streamPushCallback(fields));
  return `${callback.slice(0, -1)},"t":${t},"sign":${sign}}`;
}

/** A push whose `t` has this JSON text, signed as a lax verifier would compute it. */
const withT = (t: string, hashed = t) => withPair(t, quote(md5(KEY + hashed)));
const withTextT = (t: string) => withT(quote(t), t);
const withSign = (sign: unknown) => withPair(String(T), quote(sign));

/** Any callback, signed. */
const signed = (callback: object, key = KEY, t = T) =>
  quote({ ...callback, t, sign: md5(`${key}${t}`) });
const push = (fields: Record<string, unknown> = {}) => signed(streamPushCallback(fields));

/** An authentic push with one more member, given as JSON text. */
const pushWith = (member: string) => `{${member},${push().slice(1)}`;
/** An authentic push in which one member is left out. */
const pushWithout = (name: string) => push({ [name]: undefined });

/** A signed body of exactly that many bytes. */
function bodyOf(bytes: number): string {
  const empty = push({ padding: '' });
  return push({ padding: 'x'.repeat(bytes - empty.length), sequence: JSON.parse(empty).sequence });
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const media = (type: string | null): RawRequest['headers'] => ({ 'content-type': type });
const encoding = (name: string): RawRequest['headers'] => ({ 'content-encoding': name });
const inChunks = (body: string | Buffer, size?: number, trailers?: string): RawRequest => ({
  headers: { 'content-length': null, 'transfer-encoding': 'chunked' },
  body: chunked(body, size, trailers),
});

// --- The table -----------------------------------------------------------------------------------

type RefusedGroup = readonly [
  title: string,
  status: number,
  reason: RefusalReason,
  cases: Readonly<Record<string, RawRequest | string>>,
];

const extended = (keyLength: number, suffix: string) =>
  extendMd5(SIGN, keyLength, String(T), suffix);
const latin1T = (keyLength: number, suffix: string) => {
  const { message, digest } = extended(keyLength, suffix);
  return withPair(quote(message.toString('latin1')), quote(digest));
};
const stranger = (t: number | string) => md5(`SomeOtherKey2026ab${t}`);

const REFUSED: readonly RefusedGroup[] = [
  [
    'without a pair at the top level',
    401,
    't-missing',
    {
      'an empty object': '{}',
      'no pair at all': quote(streamPushCallback()),
      'a sign but no t': quote({ ...streamPushCallback(), sign: SIGN }),
      'the pair in the query': {
        target: `/live-callback?t=${T}&sign=${SIGN}`,
        body: quote(streamPushCallback()),
      },
      'the pair in headers': {
        headers: { t: String(T), sign: SIGN, 'x-t': String(T), 'x-sign': SIGN },
        body: quote(streamPushCallback()),
      },
      'the pair in cookies': {
        headers: { cookie: `t=${T}; sign=${SIGN}` },
        body: quote(streamPushCallback()),
      },
      'the pair in trailers': inChunks(
        quote(streamPushCallback()),
        64,
        `t: ${T}\r\nsign: ${SIGN}\r\n`,
      ),
      'the pair in a nested object': quote({ ...streamPushCallback(), data: { t: T, sign: SIGN } }),
      'the pair in a nested list': quote({ ...streamPushCallback(), data: [{ t: T, sign: SIGN }] }),
      'the pair in a JSON string': quote({ data: push() }),
      'the pair below an empty key': quote({ '': { t: T, sign: SIGN } }),
      'the pair below __proto__': `{"__proto__":{"t":${T},"sign":"${SIGN}"},"event_type":1}`,
      'the pair below an escaped __proto__': `{"\\u005f_proto__":{"t":${T},"sign":"${SIGN}"}}`,
      'the pair below constructor.prototype': `{"constructor":{"prototype":{"t":${T},"sign":"${SIGN}"}}}`,
      'the pair below prototype': `{"prototype":{"t":${T},"sign":"${SIGN}"}}`,
      'T for t': quote({ T, sign: SIGN }),
      'a full-width t': quote({ '\uff54': T, sign: SIGN }),
      't with a space': quote({ 't ': T, sign: SIGN }),
      't with a NUL': quote({ 't\0': T, sign: SIGN }),
      'keys as paths': quote({ '$.t': T, 'data.t': T, 't[]': [T], sign: SIGN }),
      'a wide object of 20,000 keys': quote(
        Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 0])),
      ),
      'a replayed body whose t was cut out': push().replace(`"t":${T},`, ''),
    },
  ],
  [
    'with t of a wrong form, though signed as such',
    401,
    't-malformed',
    {
      null: withT('null'),
      true: withT('true'),
      false: withT('false'),
      'a list of it': withT(`[${T}]`, String(T)),
      'a list of its text': withT(`["${T}"]`, String(T)),
      'an empty list': withT('[]', ''),
      'an object': withT('{}', '[object Object]'),
      'an operator object': withT('{"$gt":0}', '[object Object]'),
      'an object with toString': withT(`{"toString":"${T}","valueOf":${T}}`, String(T)),
      'a fraction': withT(`${T}.5`),
      'a negative number': withT(`-${T}`),
      zero: withT('0'),
      'minus zero': withT('-0', '0'),
      'nine digits': withT('999999999'),
      'eleven digits': withT(`${T}0`),
      milliseconds: withT(`${T}000`),
      'an integer beyond 2^53': withT(`${T}0000000000`),
      'an integer beyond 2^64': withT(`${T}00000000000000000000`),
      'a number beyond double': withT('1e999', 'Infinity'),
      'a tiny number': withT('1e-999', '0'),
      'the empty text': withTextT(''),
      'text with nine digits': withTextT('999999999'),
      'text with eleven digits': withTextT(`${T}0`),
      'text with a leading zero': withTextT(`0${String(T).slice(1)}`),
      'text with zeros before': withTextT(`00${T}`),
      'text of ten zeros': withTextT('0000000000'),
      'text with a space before': withTextT(` ${T}`),
      'text with a space after': withTextT(`${T} `),
      'text with a line feed after': withTextT(`${T}\n`),
      'text with a NUL after': withTextT(`${T}\0`),
      'text with a zero-width space': withTextT(`${T}\u200b`),
      'text with a byte order mark': withTextT(`\ufeff${T}`),
      'text with a plus': withTextT(`+${T}`),
      'text with a minus': withTextT(`-${T}`),
      'text in hex': withTextT(`0x${T.toString(16)}`),
      'text with an exponent': withTextT('1703732e3'),
      'ten characters with an exponent': withTextT('17037320e2'),
      'text with a fraction': withTextT(`${T}.0`),
      'text with separators': withTextT('1_703_732_078'),
      'text of a bigint': withTextT(`${T}n`),
      'text NaN': withTextT('NaN'),
      'text Infinity': withTextT('Infinity'),
      'text null': withTextT('null'),
      'text undefined': withTextT('undefined'),
      'full-width digits': withTextT(
        String(T)
          .split('')
          .map((digit) => String.fromCharCode(0xff10 + Number(digit)))
          .join(''),
      ),
      'Arabic-Indic digits': withTextT(
        String(T)
          .split('')
          .map((digit) => String.fromCharCode(0x660 + Number(digit)))
          .join(''),
      ),
      'two in one text': withTextT(`${T},${T}`),
      'a date': withTextT('2023-12-28T02:54:38Z'),
      'an SQL fragment': withTextT(`${T}' OR '1'='1`),
      'an extended message, its bytes as characters': latin1T(KEY.length, '9999999999'),
      'an extended message, its bytes as UTF-8 text': withPair(
        quote(extended(KEY.length, String(T + 10 ** 9)).message.toString('utf8')),
        quote(extended(KEY.length, String(T + 10 ** 9)).digest),
      ),
      'an extended message of digits only': withPair(
        quote(`${T}9999999999`),
        quote(extended(KEY.length, '9999999999').digest),
      ),
      'the digit of another key moved into t': withPair(`9${T}`, quote(md5(`${KEY}9${T}`))),
      'the digit of another key moved into the text': withPair(
        `"9${T}"`,
        quote(md5(`${KEY}9${T}`)),
      ),
      'its first digit moved into the key': withPair('703732078', quote(md5(`${KEY}1703732078`))),
    },
  ],
  [
    'without a sign at the top level',
    401,
    'sign-missing',
    {
      'a t but no sign': quote({ ...streamPushCallback(), t: T }),
      'the sign in the query': {
        target: `/live-callback?sign=${SIGN}`,
        body: quote({ ...streamPushCallback(), t: T }),
      },
      'the sign in a header': {
        headers: { sign: SIGN, authorization: SIGN },
        body: quote({ ...streamPushCallback(), t: T }),
      },
      'the sign in a nested object': quote({ ...streamPushCallback(), t: T, data: { sign: SIGN } }),
      'the sign below __proto__': `{"t":${T},"__proto__":{"sign":"${SIGN}"}}`,
      'the sign below constructor.prototype': `{"t":${T},"constructor":{"prototype":{"sign":"${SIGN}"}}}`,
      'Sign for sign': quote({ t: T, Sign: SIGN }),
      'signature for sign': quote({ t: T, signature: SIGN }),
    },
  ],
  [
    'with a sign of a wrong form',
    401,
    'sign-malformed',
    {
      null: withSign(null),
      true: withSign(true),
      'a number': withSign(0),
      'a list of it': withSign([SIGN]),
      'an object of its characters': withSign(Object.assign({ length: 32 }, SIGN.split(''))),
      'an operator object': withSign({ $ne: null }),
      'a serialised buffer': withSign({ type: 'Buffer', data: [...Buffer.from(SIGN, 'hex')] }),
      'upper case': withSign(SIGN.toUpperCase()),
      'mixed case': withSign(`F${SIGN.slice(1).toUpperCase().toLowerCase()}`.replace('3', 'E')),
      'the empty text': withSign(''),
      '31 digits': withSign(SIGN.slice(1)),
      '33 digits': withSign(`${SIGN}0`),
      '64 digits': withSign(SIGN + SIGN),
      'a space before': withSign(` ${SIGN}`),
      'a line feed after': withSign(`${SIGN}\n`),
      'a NUL after': withSign(`${SIGN}\0`),
      'a hex prefix': withSign(`0x${SIGN}`),
      stars: withSign('*'.repeat(32)),
      'a digit that is none': withSign(`g${SIGN.slice(1)}`),
      'a full-width digit': withSign(`\uff13${SIGN.slice(1)}`),
      'a Cyrillic letter': withSign(SIGN.replace('c', '\u0441')),
      base64: withSign(Buffer.from(SIGN, 'hex').toString('base64')),
      'the digest as characters': withSign(Buffer.from(SIGN, 'hex').toString('latin1')),
      'an SQL fragment': withSign("' OR '1'='1' -- ".padEnd(32)),
      'a template': withSign('${process.env.LIVE_CALLBACK_KEYS}'),
      '100,000 digits': withSign('a'.repeat(100_000)),
    },
  ],
  [
    'with a sign that no key made',
    401,
    'sign-mismatch',
    {
      zeros: withSign('0'.repeat(32)),
      'one digit changed': withSign(`${SIGN.slice(0, -1)}e`),
      'its first half right': withSign(SIGN.slice(0, 16) + '0'.repeat(16)),
      't and key in reversed order': withSign('dade05ee11feb61bd42ae1f4637b7044'),
      'a plus sign between key and t': withSign('0968e61a8f9292fb4254cb4b76e20c6f'),
      'a space between key and t': withSign(md5(`${KEY} ${T}`)),
      'an ampersand between key and t': withSign(md5(`key=${KEY}&t=${T}`)),
      'another key': withSign(stranger(T)),
      'the key in lower case': withSign(md5(KEY.toLowerCase() + T)),
      'the key with a line feed': withSign(md5(`${KEY}\n${T}`)),
      'the key cut short': withSign(md5(KEY.slice(0, -1) + T)),
      'the empty key': withSign(md5(String(T))),
      'an undefined key': withSign(md5(`undefined${T}`)),
      'a null key': withSign(md5(`null${T}`)),
      'an object as the key': withSign(md5(`[object Object]${T}`)),
      'the masked key': withSign(md5(`***${T}`)),
      'the key alone': withSign(md5(KEY)),
      'another t': withSign(md5(`${KEY}${T + 1}`)),
      'a t that was put off': withPair(String(T + 60), quote(SIGN)),
      'key and body': withSign(md5(KEY + T + quote(streamPushCallback()))),
      'HMAC in place of MD5': withSign(createHmac('md5', KEY).update(String(T)).digest('hex')),
      'MD5 twice': withSign(md5(SIGN)),
      'SHA-1 cut short': withSign(
        createHash('sha1')
          .update(KEY + T)
          .digest('hex')
          .slice(0, 32),
      ),
      'SHA-256 cut short': withSign(
        createHash('sha256')
          .update(KEY + T)
          .digest('hex')
          .slice(0, 32),
      ),
      'UTF-16 key and t': withSign(md5(Buffer.from(KEY + T, 'utf16le'))),
      'the old sign on an extended digest': withSign(extended(KEY.length, '0').digest),
      'a key that is a configured one plus a digit': withSign(md5(`${KEY}9${T}`)),
      'a key that is a configured one less its digit': withSign(
        md5(`${TENANT.key.slice(0, -1)}${T}`),
      ),
      'a key in the domain field': withPair(String(T), quote(md5(`${'A'.repeat(16)}${T}`)), {
        app: 'A'.repeat(16),
        key: 'A'.repeat(16),
      }),
    },
  ],
  [
    'with t or sign written twice',
    401,
    'pair-repeated',
    {
      // First, so that its excerpt is the one that is kept: masking must not go by the key alone.
      'sign twice, one escaped': pushWith(`"\\u0073\\u0069gn":"${SIGN}"`),
      't twice, the same': pushWith(`"t":${T}`),
      't twice, the last one right': pushWith('"t":9999999999'),
      't twice, the first one right': `${push().slice(0, -1)},"t":9999999999}`,
      't twice, one escaped': pushWith(`"\\u0074":${T}`),
      'sign twice, the same': pushWith(`"sign":"${SIGN}"`),
      'sign twice, the last one right': pushWith(`"sign":"${'0'.repeat(32)}"`),
      'sign twice, escaped in upper-case hex': pushWith(`"s\\u0069\\u0067\\u006E":"${SIGN}"`),
      't twice, around a nested object': pushWith(`"t":{"t":[{"t":${T}}]}`),
      't three times': pushWith(`"t":1,"t":2`),
      'sign twice, far apart': `{"sign":"${SIGN}","w":[${'0,'.repeat(50_000)}0],${push().slice(1)}`,
      't twice, with white space before the colons': pushWith(`"t" \t\r\n : ${T}`),
    },
  ],
  [
    'after its time',
    401,
    'expired',
    {
      'this very second': signed(streamPushCallback(), KEY, NOW),
      'a second ago': signed(streamPushCallback(), KEY, NOW - 1),
      'ten minutes ago': signed(streamPushCallback(), KEY, NOW - 600),
      'the smallest t of ten digits': signed(streamPushCallback(), KEY, 1_000_000_000),
      'a second ago, as text': withTextT(String(NOW - 1)),
      'a second ago, of an unknown kind': signed({ event_type: 9 }, KEY, NOW - 1),
    },
  ],
  [
    'too long before its time',
    401,
    'not-yet-valid',
    {
      '901 seconds ahead': signed(streamPushCallback(), KEY, NOW + 901),
      'a day ahead': signed(streamPushCallback(), KEY, NOW + 86_400),
      'the largest t of ten digits': signed(streamPushCallback(), KEY, 9_999_999_999),
      '901 seconds ahead, as text': withTextT(String(NOW + 901)),
    },
  ],
  [
    'signed with a key that is bound to somebody else',
    401,
    'key-foreign',
    {
      'another domain': signed(streamPushCallback(), TENANT.key),
      'a subdomain': signed(streamPushCallback({ app: `a.${TENANT.domain}` }), TENANT.key),
      'a longer domain': signed(streamPushCallback({ app: `${TENANT.domain}.evil` }), TENANT.key),
      'a domain with a NUL': signed(streamPushCallback({ app: `${TENANT.domain}\0` }), TENANT.key),
      'an empty domain': signed(streamPushCallback({ app: '' }), TENANT.key),
      'the right domain in the wrong field': signed(
        streamPushCallback({ domain: TENANT.domain }),
        TENANT.key,
      ),
      'the right domain in the path': signed(
        streamPushCallback({ appname: TENANT.domain }),
        TENANT.key,
      ),
      'the right domain first, another last': signed(
        streamPushCallback({ sequence: '1' }),
        TENANT.key,
      ).replace('{', `{"app":"${TENANT.domain}",`),
      'another account': signed(streamPushCallback(), ACCOUNT.key),
      'another account, right in the other spelling': signed(
        streamPushCallback({ appId: 87654321 }),
        ACCOUNT.key,
      ),
    },
  ],
  [
    'that is not JSON',
    400,
    'json-invalid',
    {
      nothing: '',
      'white space': ' \r\n\t',
      'half a body': push().slice(0, 100),
      'an open brace': '{',
      'an unterminated text': '{"t',
      'a guard before the body': `)]}',\n${push()}`,
      'single quotes': push().replaceAll('"', "'"),
      'keys without quotes': push().replace('"t":', 't:'),
      'a missing colon': push().replace('"t":', '"t" '),
      'a block comment': `/* */${push()}`,
      't with a leading zero': push().replace(`"t":${T}`, `"t":0${T}`),
      'a byte order mark alone': '\ufeff',
      'closing brackets first': `${']'.repeat(100_000)}${push()}`,
      XML: '<xml><t>1703732078</t></xml>',
      'a form': `t=${T}&sign=${SIGN}`,
      YAML: `t: ${T}\nsign: ${SIGN}\n`,
      'UTF-7': '+AHs-+ACI-t+ACI-:1+AH0-',
      'UTF-16 without a mark': { body: Buffer.from(push(), 'utf16le') },
      'UTF-32 without a mark': {
        body: Buffer.concat([...Buffer.from(push())].map((byte) => Buffer.from([byte, 0, 0, 0]))),
      },
      '100,000 quotes': '"'.repeat(100_001),
      '100,000 backslashes': `{"${'\\'.repeat(100_001)}`,
      '200,000 digits': '9'.repeat(200_000) + 'x',
    },
  ],
  [
    'that is JSON but no object',
    400,
    'json-not-object',
    {
      'a list': '[]',
      'a list of a callback': `[${push()}]`,
      'a list of the pair': `["t",${T},"sign","${SIGN}"]`,
      'a text': quote(push()),
      'a number': '1',
      'a long integer': '12345678901234567890',
      true: 'true',
      null: 'null',
      'a list of 100,000 items': `[${'0,'.repeat(99_999)}0]`,
    },
  ],
  [
    'that is too deep',
    400,
    'json-too-deep',
    {
      '33 levels of lists': pushWith(`"x":${nested(32)}`),
      '33 levels of objects': pushWith(`"x":${'{"a":'.repeat(32)}1${'}'.repeat(32)}`),
      '33 levels that never close': '['.repeat(33),
      '3,000 levels': pushWith(`"x":${nested(3_000)}`),
      '100,000 levels': nested(100_000),
      '100,000 levels in an authentic body': pushWith(`"x":${nested(100_000)}`),
      '200,000 levels that never close': '['.repeat(200_000),
      '40,000 levels of objects': '{"a":'.repeat(40_000),
    },
  ],
  [
    'that is binary',
    400,
    'utf8-invalid',
    {
      'UTF-16 with its mark': { body: Buffer.from(`\ufeff${push()}`, 'utf16le') },
      'gzip without saying so': { body: gzipSync(push()) },
      'an extended t with its raw bytes': {
        body: Buffer.concat([
          Buffer.from('{"t":"'),
          extended(KEY.length, '9999999999').message,
          Buffer.from(`","sign":"${extended(KEY.length, '9999999999').digest}"}`),
        ]),
      },
      'bytes of every value': { body: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) },
    },
  ],
  [
    'of another media type',
    415,
    'media-type',
    Object.fromEntries(
      [
        null,
        '',
        'text/plain',
        'text/json',
        'text/html',
        'application/x-www-form-urlencoded',
        'application/octet-stream',
        'application/vnd.api+json',
        'application/problem+json',
        'application/json5',
        'application/x-json',
        'application/jsonp',
        'application/javascript',
        'application/xml',
        'application/msgpack',
        'application/json, text/plain',
        'application/json/x',
        'application',
        '*/*',
        'application/*',
        'json',
        // The module's own mark for a body that it has read already.
        'application/vnd.nestjs-live-callback.read',
      ].map((type) => [
        type === null ? 'no content type' : `"${type}"`,
        { headers: media(type), body: push() },
      ]),
    ),
  ],
  [
    'in a form',
    415,
    'media-type',
    {
      fields: {
        headers: media('application/x-www-form-urlencoded'),
        body: `event_type=1&t=${T}&sign=${SIGN}`,
      },
      'JSON in a field': {
        headers: media('application/x-www-form-urlencoded'),
        body: `data=${encodeURIComponent(push())}`,
      },
      parts: {
        headers: media('multipart/form-data; boundary=b'),
        body: `--b\r\nContent-Disposition: form-data; name="t"\r\n\r\n${T}\r\n--b\r\nContent-Disposition: form-data; name="sign"\r\n\r\n${SIGN}\r\n--b--\r\n`,
      },
      'a part of JSON': {
        headers: media('multipart/mixed; boundary=b'),
        body: `--b\r\nContent-Type: application/json\r\n\r\n${push()}\r\n--b--\r\n`,
      },
      'an authentic body of 300 KB as text': {
        headers: media('text/plain'),
        body: bodyOf(300_000),
      },
      'another type before the right one': {
        headers: { 'content-type': ['text/plain', 'application/json'] },
        body: push(),
      },
    },
  ],
  [
    'in another charset',
    415,
    'charset',
    Object.fromEntries(
      [
        'charset=utf-16',
        'charset=utf-16le',
        'charset=utf-7',
        'charset=utf-32',
        'charset=gbk',
        'charset="gb18030"',
        'charset=iso-8859-1',
        'charset=us-ascii',
        'charset=',
        'charset',
        'charset=utf-8x',
        'profile=x; charset=shift_jis',
      ].map((parameter) => [
        `"${parameter}"`,
        { headers: media(`application/json; ${parameter}`), body: push() },
      ]),
    ),
  ],
  [
    'with a content encoding',
    415,
    'content-encoding',
    {
      gzip: { headers: encoding('gzip'), body: gzipSync(push()) },
      'x-gzip': { headers: encoding('x-gzip'), body: gzipSync(push()) },
      GZIP: { headers: encoding('GZIP'), body: gzipSync(push()) },
      deflate: { headers: encoding('deflate'), body: deflateSync(push()) },
      br: { headers: encoding('br'), body: brotliCompressSync(push()) },
      zstd: { headers: encoding('zstd'), body: push() },
      compress: { headers: encoding('compress'), body: push() },
      'gzip after identity': { headers: encoding('identity, gzip'), body: gzipSync(push()) },
      'gzip twice': { headers: encoding('gzip, gzip'), body: gzipSync(gzipSync(push())) },
      'gzip in a second header': {
        headers: { 'content-encoding': ['identity', 'gzip'] },
        body: gzipSync(push()),
      },
      'gzip that is none': { headers: encoding('gzip'), body: push() },
      'an unknown one': { headers: encoding('aws-chunked'), body: push() },
      'a gzip bomb': { headers: encoding('gzip'), body: gzipSync(Buffer.alloc(50_000_000)) },
      'a brotli bomb': {
        headers: encoding('br'),
        body: brotliCompressSync(Buffer.alloc(10_000_000)),
      },
    },
  ],
  [
    'that is too large',
    413,
    'body-too-large',
    {
      'one byte more, authentic': bodyOf(LIMIT + 1),
      'one byte more, authentic, in chunks': inChunks(bodyOf(LIMIT + 1), 16_384),
      'a megabyte in chunks of 1 KB': inChunks(Buffer.alloc(1_000_000, 0x20)),
      'five megabytes': { body: Buffer.alloc(5_000_000, 0x20) },
      'an announced gigabyte': { headers: { 'content-length': '1073741824' }, body: push() },
      'an announced length beyond 2^53': {
        headers: { 'content-length': '9007199254740993' },
        body: push(),
      },
      'an announced gigabyte that waits for 100': {
        headers: { 'content-length': '1073741824', expect: '100-continue' },
      },
    },
  ],
];

const toRequest = (request: RawRequest | string) =>
  typeof request === 'string' ? { body: request } : request;

interface Accepted {
  readonly request: RawRequest | string;
  readonly kind?: string;
  readonly state?: CallbackState;
  /** The body that is to be stored, where it is not the bytes of the request. */
  readonly sent?: string;
  /** More that must be true of what was stored. */
  readonly check?: (detail: CallbackDetail) => void;
}

const unknown = { kind: 'unknown', state: 'unknown' } as const;
const quarantined = { kind: 'stream-push', state: 'quarantined' } as const;
const warned = (line: string) => (detail: CallbackDetail) =>
  expect(detail.warnings).toContain(line);
const withEventType = (value: unknown) => push({ event_type: value });
const streamNamed = (name: string) => (detail: CallbackDetail) =>
  expect(detail.stream.name).toBe(name);

const small = push();
const largest = bodyOf(LIMIT);

/** Authentic, and no JSON: kept byte for byte and quarantined, since the pair can be read all the same. */
const UNREADABLE: Readonly<Record<string, RawRequest | string>> = {
  'a missing comma': push().replace(',"t":', ' "t":'),
  'a truncated body': push().slice(0, -1),
  'two bodies': push() + push(),
  'a body and a letter': `${push()}x`,
  'a trailing comma': `${push().slice(0, -1)},}`,
  'a leading comma': `{,${push().slice(1)}`,
  'a line comment': `${push()}\n// end`,
  NaN: pushWith('"x":NaN'),
  Infinity: pushWith('"x":Infinity'),
  undefined: pushWith('"x":undefined'),
  True: pushWith('"x":True'),
  hex: pushWith('"x":0x10'),
  'a plus sign': pushWith('"x":+1'),
  'a lone point': pushWith('"x":.5'),
  'a long integer in place of a key': pushWith('12345678901234567890:1'),
  'a long integer without a key': pushWith('"x":1,12345678901234567890'),
  'a long integer with leading zeros': pushWith('"x":00012345678901234567890'),
  'two long integers in a row': pushWith('"x":[12345678901234567890 12345678901234567890]'),
  'a raw line feed in a text': pushWith('"x":"a\nb"'),
  'a raw NUL in a text': pushWith('"x":"a\0b"'),
  'a NUL after the body': `${push()}\0`,
  'an unknown escape': pushWith('"x":"\\x41"'),
  'a cut unicode escape': pushWith('"x":"\\u12"'),
  'a no-break space between tokens': pushWith('"x":\u00a01'),
  'two byte order marks': `\ufeff\ufeff${push()}`,
  'a byte order mark at the end': `${push()}\ufeff`,
  'mismatched brackets': pushWith('"x":[}'),
  'a number that ends in its point': pushWith('"x":5.'),
  ...Object.fromEntries(
    Object.entries({
      'a byte FF': [0xff],
      'a lone continuation byte': [0x80],
      'an overlong slash': [0xc0, 0xaf],
      'an overlong NUL': [0xc0, 0x80],
      'an encoded surrogate': [0xed, 0xa0, 0x80],
      'a surrogate pair in CESU-8': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
      'a code point beyond the last': [0xf4, 0x90, 0x80, 0x80],
      'a cut character': [0xf0, 0x9f, 0x98],
      'Latin-1': [0xe9],
      GBK: [0xd6, 0xd0, 0xb9, 0xfa],
    }).map(([name, bytes]) => {
      const [before, after] = pushWith('"x":"|"').split('|') as [string, string];
      const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
      return [name, { body }];
    }),
  ),
};

const ACCEPTED: Readonly<Record<string, Accepted>> = {
  // The pair
  't as text': { request: withTextT(String(T)) },
  't with an exponent, the same integer': { request: withT('1.703732078e9', String(T)) },
  't with a fraction of zero, the same integer': { request: withT(`${T}.0`, String(T)) },
  'the last second of t': { request: signed(streamPushCallback(), KEY, NOW + 1) },
  'the longest lifetime that is allowed': { request: signed(streamPushCallback(), KEY, NOW + 900) },
  'escaped names of the pair': {
    request: push().replace('"t"', '"\\u0074"').replace('"sign"', '"\\u0073ign"'),
  },
  'another pair in the query': {
    request: { target: `/live-callback?t=1&sign=x&t=2&__proto__[a]=1`, body: push() },
  },
  'another pair in a nested object': { request: push({ data: { t: 1, sign: null } }) },
  'the pair of another callback': { request: push({ stream_id: 'another' }) },
  'a bound key of its domain': {
    request: signed(streamPushCallback({ app: TENANT.domain }), TENANT.key),
  },
  'a bound key of its domain in upper case': {
    request: signed(streamPushCallback({ app: 'Tenant.Example.COM' }), TENANT.key),
  },
  'a bound key of its account': {
    request: signed(streamPushCallback({ appid: 87654321 }), ACCOUNT.key),
  },

  // What nobody documented
  'an unknown field': {
    request: push({ brand_new: { deep: [1, null] } }),
    check: warned('unknown-field: brand_new'),
  },
  '20,000 unknown fields': {
    request: signed({
      ...streamPushCallback(),
      ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 0])),
    }),
    check: ({ warnings }) => expect(warnings.length).toBeLessThanOrEqual(16),
  },
  'a field name of 100,000 characters': { request: push({ ['n'.repeat(100_000)]: 1 }) },
  'an unknown event_type': { request: withEventType(999), ...unknown },
  'a negative event_type': { request: withEventType(-1), ...unknown },
  'a huge event_type': { request: withEventType(1e300), ...unknown },
  'an event_type beyond 2^64': {
    request: push().replace('"event_type":1,', '"event_type":99999999999999999999,'),
    ...unknown,
  },
  'a fraction as event_type': { request: withEventType(1.5), ...unknown },
  'event_type as text': {
    request: withEventType('1'),
    check: warned('coerced: event_type'),
  },
  'event_type as a word': { request: withEventType('stream-push'), ...unknown },
  'event_type as hex text': { request: withEventType('0x1'), ...unknown },
  'event_type as an object': { request: withEventType({ $ne: 1 }), ...unknown },
  'event_type as a list': { request: withEventType([1]), ...unknown },
  'event_type as true': { request: withEventType(true), ...unknown },
  'event_type as null': { request: withEventType(null), ...unknown },
  'event_type as __proto__': { request: withEventType('__proto__'), ...unknown },
  'no event_type': { request: pushWithout('event_type'), ...unknown },
  'the pair and nothing else': { request: signed({}), ...unknown },
  'an event_type of 0': {
    request: signed(streamInterruptCallback()),
    kind: 'stream-interrupt',
  },

  // Another kind's URL
  'a push on the URL for recordings': {
    request: { target: '/live-callback/record-file', body: push() },
    check: warned('other-route: record-file'),
  },
  'a recording on the URL for pushes': {
    request: { target: '/live-callback/stream-push', body: signed(recordFileCallback()) },
    kind: 'record-file',
    check: warned('other-route: stream-push'),
  },
  'an unknown kind on the URL for screenshots': {
    request: { target: '/live-callback/screenshot', body: withEventType(999) },
    ...unknown,
    check: warned('other-route: screenshot'),
  },

  // Fields that drift, lack or do not fit
  'drifted types': {
    request: push({ appid: '12345678', event_time: String(NOW), errcode: '0', sequence: 17 }),
    check: warned('coerced: event_time'),
  },
  'missing optional fields': {
    request: signed({
      event_type: 1,
      app: 'push.example.com',
      appname: 'live',
      stream_id: 'bare',
      event_time: NOW,
      sequence: '1',
    }),
  },
  'null in optional fields': { request: push({ node: null, user_ip: null, width: null }) },
  'no stream_id': { request: pushWithout('stream_id'), ...quarantined },
  'no sequence': { request: pushWithout('sequence'), check: warned('identity-by-content') },
  'null for the time': {
    request: push({ event_time: null }),
    check: ({ occurredAt }) => expect(occurredAt).toBeNull(),
  },
  'an object in place of the stream name': {
    request: push({ stream_id: { a: 1 } }),
    ...quarantined,
  },
  'a list in place of a text': {
    request: push({ user_ip: ['192.0.2.1'] }),
    check: warned('dropped: user_ip'),
  },
  'a word in place of a number': {
    request: push({ event_time: 'soon' }),
    check: warned('dropped: event_time'),
  },
  'a recording without its file': {
    request: signed(recordFileCallback({ file_id: undefined, record_file_id: undefined })),
    kind: 'record-file',
    check: warned('identity-by-content'),
  },
  'a broken JSON text in callback_ext': {
    request: signed(recordFileCallback({ callback_ext: '{"video_codec":' })),
    kind: 'record-file',
  },
  'a deep JSON text in callback_ext': {
    request: signed(recordFileCallback({ callback_ext: nested(50_000) })),
    kind: 'record-file',
  },
  'a hostile JSON text in callback_ext': {
    request: signed(recordFileCallback({ callback_ext: '{"__proto__":{"polluted":1}}' })),
    kind: 'record-file',
  },
  'a screenshot with its own fields only': {
    request: signed(screenshotCallback()),
    kind: 'screenshot',
  },
  'an image audit with 2,000 results': {
    request: signed(
      imageAuditCallback({ type: Array(2_000).fill(1), socre: Array(2_000).fill(9) }),
    ),
    kind: 'image-audit',
  },
  'an image audit with a text for its results': {
    request: signed(imageAuditCallback({ labelResults: 'none' })),
    kind: 'image-audit',
    check: warned('dropped: labelResults'),
  },

  // Numbers
  'a sequence of 2^64 - 1 as a number': {
    request: push().replace(/"sequence":"\d+"/, '"sequence":18446744073709551615'),
    check: ({ sequence }) => expect(sequence).toBe('18446744073709551615'),
  },
  'a sequence beyond 2^64 as a number': {
    request: push().replace(/"sequence":"\d+"/, '"sequence":98765432109876543210987'),
    check: ({ sequence }) => expect(sequence).toBe('98765432109876543210987'),
  },
  'a sequence beyond 2^53 with much white space after it': {
    request: push().replace(/"sequence":"\d+"/, `"sequence":9007199254740993${' '.repeat(80)}`),
    check: ({ sequence }) => expect(sequence).toBe('9007199254740993'),
  },
  'a number of 1,000 digits': { request: pushWith(`"huge":${'9'.repeat(1_000)}`) },
  'a number of 200,000 digits': { request: pushWith(`"huge":${'9'.repeat(200_000)}`) },
  'a number beyond double': { request: pushWith('"huge":1e999') },
  'a time beyond double': {
    request: push().replace(/"event_time":\d+/, '"event_time":1e999'),
    check: warned('dropped: event_time'),
  },
  'a time beyond every date': {
    request: push({ event_time: 9_007_199_254_740_991 }),
    check: ({ occurredAt }) => expect(occurredAt).toBeNull(),
  },
  'a time before every date': {
    request: push({ event_time: -9_007_199_254_740_991 }),
    check: ({ occurredAt }) => expect(occurredAt).toBeNull(),
  },
  'minus zero': { request: pushWith('"zero":-0') },

  // Text
  'a stream name of 60,000 characters': {
    request: push({ stream_id: 'n'.repeat(60_000) }),
    check: streamNamed('n'.repeat(255)),
  },
  'a stream name of 200,000 characters': {
    request: push({ stream_id: 'n'.repeat(200_000) }),
    ...quarantined,
    check: streamNamed('n'.repeat(255)),
  },
  'an empty stream name': { request: push({ stream_id: '' }) },
  'a NUL escape in the stream name': {
    request: push({ stream_id: 'a\0b' }),
    check: streamNamed('a\ufffdb'),
  },
  'a lone surrogate escape in the stream name': {
    request: push({ stream_id: 'a\ud83d' }),
    check: streamNamed('a\ufffd'),
  },
  'four-byte characters in the stream name': {
    request: push({ stream_id: '\u{1f600}\u{20bb7}' }),
    check: streamNamed('\u{1f600}\u{20bb7}'),
  },
  'a four-byte character across the end of the column': {
    request: push({ stream_id: `${'n'.repeat(254)}\u{1f600}` }),
    check: streamNamed(`${'n'.repeat(254)}\ufffd`),
  },
  'control and direction characters': { request: push({ errmsg: '\u001b[31m\r\n\u202e\u2028' }) },
  'an SQL fragment': {
    request: push({ stream_id: "'); DROP TABLE live_callback; --" }),
    check: streamNamed("'); DROP TABLE live_callback; --"),
  },
  'escaped slashes and a trailing line feed': {
    request: `${push({ stream_param: 'a/b' }).replace('a/b', 'a\\/b')}\n`,
  },
  'a byte order mark before the body': { request: `\ufeff${push()}` },
  'white space around the tokens': {
    request: `\r\n\t ${JSON.stringify(JSON.parse(push()), null, '\t')}\r\n`,
  },
  'a repeated key that is not of the pair': { request: pushWith('"stream_id":"first"') },
  '32 levels': { request: pushWith(`"x":${nested(31)}`) },
  'exactly as many bytes as are allowed': { request: bodyOf(LIMIT) },
  'exactly as many bytes, in chunks of 16 KB': {
    request: inChunks(largest, 16_384),
    sent: largest,
  },
  'a body in chunks of one byte': { request: inChunks(small, 1), sent: small },

  // Prototypes
  '__proto__ at the top': { request: pushWith('"__proto__":{"polluted":1}') },
  '__proto__ as null': { request: pushWith('"__proto__":null') },
  '__proto__ nested': { request: pushWith('"x":[{"y":{"__proto__":{"polluted":1}}}]') },
  '__proto__ with escapes': { request: pushWith('"\\u005F\\u005fproto\\u005f_":{"polluted":1}') },
  'constructor.prototype at the top': {
    request: pushWith('"constructor":{"prototype":{"polluted":1}}'),
  },
  'constructor.prototype nested': {
    request: pushWith('"x":{"constructor":{"prototype":{"polluted":1}}}'),
  },
  'prototype at the top': { request: pushWith('"prototype":{"polluted":1}') },
  'names of methods': {
    request: pushWith(
      '"toString":1,"valueOf":null,"toJSON":"x","hasOwnProperty":0,"then":"x","constructor":"x","length":-1,"__defineGetter__":"x"',
    ),
  },
  'names of methods in a list of results': {
    request: signed(
      imageAuditCallback({
        labelResults: [JSON.parse('{"__proto__":{"Label":"x"},"constructor":1,"toString":null}')],
      }),
    ),
    kind: 'image-audit',
  },

  // Headers
  'a media type in mixed case with utf-8': {
    request: { headers: media('Application/JSON ; Charset="UTF-8"'), body: push() },
  },
  'a media type with another parameter': {
    request: { headers: media('application/json; q=1;'), body: push() },
  },
  'an encoding of identity': { request: { headers: encoding('Identity'), body: push() } },
  'a target with a host': {
    request: { target: 'http://evil.example.com/live-callback?x', body: push() },
  },
  'a foreign host and forged proxies': {
    request: {
      headers: {
        host: 'evil.example.com',
        'x-forwarded-for': '203.0.113.1',
        'x-forwarded-host': 'evil.example.com',
        'x-original-url': '/admin',
        forwarded: 'for=203.0.113.1',
      },
      body: push(),
    },
    check: ({ remoteAddress }) => expect(remoteAddress).toBe('127.0.0.1'),
  },
  'another method in a header': {
    request: { headers: { 'x-http-method-override': 'DELETE' }, body: push() },
  },
  'an upgrade that nobody offers': {
    request: { headers: { connection: 'Upgrade', upgrade: 'h2c' }, body: push() },
  },
  'a range, conditions and an accept of images': {
    request: {
      headers: { range: 'bytes=0-1', 'if-none-match': '*', accept: 'image/png', te: 'trailers' },
      body: push(),
    },
  },
  'a client that waits for 100': { request: { headers: { expect: '100-continue' }, body: push() } },
  'HTTP/1.0': { request: { version: 'HTTP/1.0', body: push() } },
  '50 headers of 200 characters': {
    request: {
      headers: Object.fromEntries(
        Array.from({ length: 50 }, (_, i) => [`x-${i}`, 'v'.repeat(200)]),
      ),
      body: push(),
    },
  },
};

/** Requests that do not get as far as a callback route; HTTP or the host's router answers them. */
interface Elsewhere {
  readonly request: RawRequest;
  /** Statuses that may be: the answer is not the module's. Undefined: the connection is ended. */
  readonly statuses: readonly (number | undefined)[];
}

const authentic = push();
const ROUTER = [404, 405];
const PARSER = [400];

const ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  ...Object.fromEntries(
    ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE', 'MKCOL', 'PURGE'].map(
      (method) => [
        `${method} with an authentic body`,
        { request: { method, body: authentic }, statuses: ROUTER },
      ],
    ),
  ),
  'GET with another method in a header': {
    request: { method: 'GET', headers: { 'x-http-method-override': 'POST' }, body: authentic },
    statuses: ROUTER,
  },
  'GET with another method in the query': {
    request: { method: 'GET', target: '/live-callback?_method=POST', body: authentic },
    statuses: ROUTER,
  },
  CONNECT: {
    request: { method: 'CONNECT', target: '127.0.0.1:80', body: authentic },
    statuses: [undefined, 404, 405],
  },
  'an unknown method': { request: { method: 'FETCH', body: authentic }, statuses: PARSER },
  'a method in lower case': { request: { method: 'post', body: authentic }, statuses: PARSER },
  ...Object.fromEntries(
    [
      '/',
      '/live-callback/unknown',
      '/live-callback/stream-push/more',
      '/live-callback/__proto__',
      '/live-callback/constructor',
      '/live-callback/push',
      '/live-callback/audit/callbacks',
      '/live-callback/audit/rejections',
      '/live-callbacks',
      '/live-callback;a=b',
      '/live-callback/..;/live-callback',
      '/api/live-callback',
      '/live-callback%00',
      '/live-callback%2fstream-push',
      '/live-callback\\stream-push',
    ].map((target) => [
      `POST to ${target}`,
      { request: { target, body: authentic }, statuses: ROUTER },
    ]),
  ),
  'POST to a broken escape': {
    request: { target: '/live-callback/%', body: authentic },
    statuses: [400, 404],
  },
  'POST to a target that is no path': {
    request: { target: 'live-callback', body: authentic },
    statuses: [400, 404],
  },
  'POST to *': { request: { target: '*', body: authentic }, statuses: [400, 404] },
  'POST to a target with a broken host': {
    request: { target: 'http://[::1/live-callback', body: authentic },
    statuses: [400, 404],
  },
  'POST to a path of 100,000 characters': {
    request: { target: `/live-callback/${'a'.repeat(100_000)}`, body: authentic },
    statuses: [414, 431],
  },
  'a header of 100,000 characters': {
    request: { headers: { 'x-long': 'v'.repeat(100_000) }, body: authentic },
    statuses: [431],
  },
  'no host': { request: { headers: { host: null }, body: authentic }, statuses: PARSER },
  'an unknown expectation': {
    request: { headers: { expect: 'a-miracle' }, body: authentic },
    statuses: [417],
  },
  'length and chunks at once': {
    request: { headers: { 'transfer-encoding': 'chunked' }, body: chunked(authentic) },
    statuses: PARSER,
  },
  'two lengths': {
    request: { headers: { 'content-length': ['5', '6'] }, body: authentic },
    statuses: PARSER,
  },
  'a negative length': {
    request: { headers: { 'content-length': '-1' }, body: authentic },
    statuses: PARSER,
  },
  'a length in hex': {
    request: { headers: { 'content-length': '0x10' }, body: authentic },
    statuses: PARSER,
  },
  'a length beyond 2^64': {
    request: { headers: { 'content-length': '99999999999999999999' }, body: authentic },
    statuses: PARSER,
  },
  'a transfer encoding that does not end in chunked': {
    request: {
      headers: { 'content-length': null, 'transfer-encoding': 'chunked, gzip' },
      body: authentic,
    },
    statuses: PARSER,
  },
  'a NUL in a header': {
    request: { headers: { 'x-nul': 'a\0b' }, body: authentic },
    statuses: PARSER,
  },
  'a space in a header name': {
    request: { headers: { 'content-type ': 'application/json' }, body: authentic },
    statuses: PARSER,
  },
  'HTTP/9.9': { request: { version: 'HTTP/9.9', body: authentic }, statuses: [400, 505] },
};

// --- Looking at the effects ----------------------------------------------------------------------

interface Census {
  readonly rows: number;
  readonly runs: number;
  readonly rejections: Readonly<Record<string, number>>;
}

/** What the last census of a host said, as long as nobody has asked it anything since. */
const known = new WeakMap<Host, Census>();

/** What is stored, was run and was refused by now. */
async function census(host: Host): Promise<Census> {
  const { app } = host;
  await whenListenersDone(app);
  await app.get(RejectionRecorder, { strict: false }).flush();
  const rejections: Record<string, number> = {};
  for (const { reason, count } of await allRejections(app)) {
    // The one of the silent connections may be counted at any moment.
    if (reason !== 'body-timeout') rejections[reason] = (rejections[reason] ?? 0) + count;
  }
  const taken = {
    rows: await app.get(DataSource).getRepository(LiveCallback).count(),
    runs: app.get(Recorder).events.length,
    rejections,
  };
  known.set(host, taken);
  return taken;
}

async function allRejections(app: Host['app']) {
  const { items, nextCursor } = await app
    .get(LiveCallbackAuditService, { strict: false })
    .rejections({ limit: 500 });
  expect(nextCursor).toBeNull();
  return items;
}

const oneMore = ({ rejections }: Census, reason: RefusalReason, times = 1) => ({
  ...rejections,
  [reason]: (rejections[reason] ?? 0) + times,
});

/** A module's answer, word for word. */
function expectAnswer(answer: RawAnswer | undefined, status: number): void {
  expect({ status: answer?.status, body: answer?.body }).toEqual({
    status,
    body: `{"code":${status === 200 ? 0 : status}}`,
  });
  expect(disclosedBy(answer)).toEqual([]);
}

/** What an answer gives away, whoever wrote it: a key, a sign, something of the program. */
function disclosedBy(answer: RawAnswer | undefined): string[] {
  const text = answer ? `${answer.head}\n${answer.body}` : '';
  const secrets = [KEY, TENANT.key, ACCOUNT.key, SIGN].filter((secret) => text.includes(secret));
  const traces = text.match(/node_modules|\.[jt]s:\d+|\bat \S+ \(|SQLITE|SELECT|MD5/gi) ?? [];
  return [...secrets, ...traces];
}

/** Sends one request and expects one answer. */
async function ask(host: Host, request: RawRequest): Promise<RawAnswer | undefined> {
  known.delete(host);
  const [answer] = await exchange(host.url, requestBytes(request), { method: request.method });
  return answer;
}

/** All that one request brought about. */
async function outcomeOf(host: Host, request: RawRequest) {
  const before = known.get(host) ?? (await census(host));
  const answer = await ask(host, request);
  const after = await census(host);
  const rejections = Object.entries(after.rejections)
    .map(([reason, count]) => [reason, count - (before.rejections[reason] ?? 0)] as const)
    .filter(([, count]) => count !== 0);
  return {
    status: answer?.status,
    body: answer?.body,
    disclosed: disclosedBy(answer),
    rows: after.rows - before.rows,
    runs: after.runs - before.runs,
    rejections: Object.fromEntries(rejections),
  };
}

const refusal = (status: number, reason: RefusalReason) => ({
  status,
  body: `{"code":${status}}`,
  disclosed: [],
  rows: 0,
  runs: 0,
  rejections: { [reason]: 1 },
});

const acknowledgement = (runs = 1) => ({
  status: 200,
  body: '{"code":0}',
  disclosed: [],
  rows: 1,
  runs,
  rejections: {},
});

/** A body of which only a part is ever sent. */
const partOf = (body: string) =>
  requestBytes({ headers: { 'content-length': String(body.length + 1000) }, body });

// --- The suite -----------------------------------------------------------------------------------

interface Stage {
  readonly database: TestDatabase;
  readonly host: Host;
  /** A connection that fell silent in the middle of a body when the suite began. */
  readonly silent: RawConnection;
}

const stages = new Map<AdapterName, Stage>();

beforeAll(async () => {
  for (const adapter of ADAPTERS) {
    const database = await createSqlite();
    const host = await startHost({
      adapter,
      database: database.options,
      options: { keys: [KEY, TENANT, ACCOUNT], clock: () => NOW * 1000 },
      module: { providers: [Recorder] },
    });
    const silent = new RawConnection(host.url);
    silent.write(partOf(push()));
    stages.set(adapter, { database, host, silent });
  }
});

afterAll(async () => {
  for (const { host, database, silent } of stages.values()) {
    silent.destroy();
    await host.close();
    await database.drop();
  }
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  let host: Host;
  beforeAll(() => {
    host = (stages.get(adapter) as Stage).host;
  });

  it('takes an authentic callback to begin with', async () => {
    expect(await outcomeOf(host, { body: push() })).toEqual(acknowledgement());
  });

  describe.each(REFUSED)('a request %s', (_title, status, reason, cases) => {
    it.each(Object.entries(cases))(`is refused with ${status}: %s`, async (_name, request) => {
      expect(await outcomeOf(host, toRequest(request))).toEqual(refusal(status, reason));
    });
  });

  it('refuses an extended sign whatever length of the key is guessed', async () => {
    const before = await census(host);
    const lengths = Array.from({ length: 64 }, (_, i) => i + 1);
    for (const length of lengths) {
      expectAnswer(await ask(host, { body: latin1T(length, '9999999999') }), 401);
    }
    expect(await census(host)).toEqual({
      ...before,
      rejections: oneMore(before, 't-malformed', lengths.length),
    });
  });

  it('answers a wrong sign, an expired one, a foreign key and a missing pair alike', async () => {
    const bodies = [
      withSign('0'.repeat(32)),
      signed(streamPushCallback(), KEY, NOW - 1),
      signed(streamPushCallback(), KEY, NOW + 901),
      signed(streamPushCallback(), TENANT.key),
      signed(streamPushCallback({ app: 'nobody.example.com' }), TENANT.key),
      withT('null'),
      withSign(null),
      pushWith(`"t":${T}`),
      '{}',
    ];
    const answers: string[] = [];
    for (const body of bodies) {
      const answer = await ask(host, { body });
      answers.push(`${answer?.head.replace(/^date:.*$/im, '')}\n${answer?.body}`);
    }
    expect(new Set(answers).size).toBe(1);
  });

  describe('an authentic callback that is no JSON is acknowledged, kept as sent and quarantined:', () => {
    it.each(Object.entries(UNREADABLE))('%s', async (_name, unreadable) => {
      const request: RawRequest = toRequest(unreadable);
      expect(await outcomeOf(host, request)).toEqual(acknowledgement(0));
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find({ limit: 1 });
      const detail = (await audit.get(items[0]?.id ?? '')) as CallbackDetail;
      expect(detail).toMatchObject({ kind: 'stream-push', state: 'quarantined', deliveries: [] });
      const body = Buffer.from(detail.body ?? '', detail.bodyEncoding);
      expect(body).toEqual(Buffer.from(request.body ?? ''));
    });
  });

  describe('an authentic callback is acknowledged and kept as sent:', () => {
    it.each(Object.entries(ACCEPTED))('%s', async (_name, accepted) => {
      const { kind = 'stream-push', state = 'accepted', check } = accepted;
      const request: RawRequest = toRequest(accepted.request);
      const runs = state === 'quarantined' ? 0 : 1;
      expect(await outcomeOf(host, request)).toEqual(acknowledgement(runs));

      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find({ limit: 1 });
      const detail = (await audit.get(items[0]?.id ?? '')) as CallbackDetail;
      expect(detail).toMatchObject({ kind, state, receiptsCount: 1 });
      expect(detail.body).toBe(accepted.sent ?? request.body);
      expect(detail.errors.length > 0).toBe(state === 'quarantined');
      expect(detail.deliveries).toHaveLength(runs);
      check?.(detail);

      const event = host.app.get(Recorder).events.findLast(({ id }) => id === detail.id);
      expect(event?.kind).toBe(state === 'quarantined' ? undefined : kind);
      const views = [Object(event?.raw), Object(event?.data)] as object[];
      expect(ownNames(views)).not.toContain('__proto__');
      expect(views.filter((view) => 'polluted' in view)).toEqual([]);
    });
  });

  describe('a request that reaches no callback route', () => {
    it.each(Object.entries(ELSEWHERE))(
      'is never acknowledged: %s',
      async (_name, { request, statuses }) => {
        const { status, disclosed, rows, runs, rejections } = await outcomeOf(host, request);
        expect(statuses).toContain(status);
        expect({ disclosed, rows, runs, rejections }).toEqual({
          disclosed: [],
          rows: 0,
          runs: 0,
          rejections: {},
        });
      },
    );
  });

  it.each([
    '/live-callback/',
    '/LIVE-CALLBACK',
    '/live-callback/Stream-Push',
    '/live-callback/stream-push/',
    '//live-callback',
    '/./live-callback',
    '/x/../live-callback',
    '/live%2dcallback',
    '/live-callback/stream%2Dpush',
    '/live-callback?',
    '/live-callback?a=%',
    '/live-callback?__proto__[polluted]=1&constructor.prototype.polluted=1',
    '/live-callback#fragment',
    'http://127.0.0.1/live-callback/stream-push',
    'https://user:password@evil.example.com:1/live-callback',
  ])('protects the target %s wholly, or knows it not', async (target) => {
    const form = { headers: media('application/x-www-form-urlencoded'), body: `t=${T}` };
    const probes: RawRequest[] = [
      { target, body: push() },
      { target, body: withSign('0'.repeat(32)) },
      { target, body: bodyOf(LIMIT + 1) },
      { target, ...form },
    ];
    const outcomes = [];
    for (const probe of probes) outcomes.push(await outcomeOf(host, probe));
    // What the host does with a body for nobody is its own affair, as long as it refuses.
    const unknownTarget = [[404], [404], [404, 413], [404, 415]].map((statuses) => ({
      status: expect.toBeOneOf(statuses) as number,
      body: expect.any(String) as string,
      disclosed: [],
      rows: 0,
      runs: 0,
      rejections: {},
    }));
    const protectedTarget = [
      acknowledgement(),
      refusal(401, 'sign-mismatch'),
      refusal(413, 'body-too-large'),
      refusal(415, 'media-type'),
    ];
    expect(outcomes).toEqual(outcomes[0]?.status === 404 ? unknownTarget : protectedTarget);
  });

  describe('on a connection', () => {
    it('answers pipelined requests one by one and in order', async () => {
      const before = await census(host);
      const forged = requestBytes({ body: withSign('0'.repeat(32)) });
      const requests = [requestBytes({ body: push() }), forged, requestBytes({ body: push() })];
      const answers = await exchange(host.url, Buffer.concat(requests), { answers: 3 });
      [200, 401, 200].forEach((status, index) => expectAnswer(answers[index], status));
      expect(await census(host)).toEqual({
        rows: before.rows + 2,
        runs: before.runs + 2,
        rejections: oneMore(before, 'sign-mismatch'),
      });
    });

    it('discards a refused body and serves the next request', async () => {
      const before = await census(host);
      const requests = [requestBytes({ body: bodyOf(LIMIT + 1) }), requestBytes({ body: push() })];
      const answers = await exchange(host.url, Buffer.concat(requests), { answers: 2 });
      expectAnswer(answers[0], 413);
      expectAnswer(answers[1], 200);
      expect(await census(host)).toEqual({
        rows: before.rows + 1,
        runs: before.runs + 1,
        rejections: oneMore(before, 'body-too-large'),
      });
    });

    it('takes a length that is too small at its word', async () => {
      const before = await census(host);
      const bytes = requestBytes({ headers: { 'content-length': '100' }, body: push() });
      const end = bytes.indexOf('\r\n\r\n') + 4 + 100;
      const connection = new RawConnection(host.url);
      connection.write(bytes.subarray(0, end));
      expectAnswer(await connection.answer(), 400);
      // What is left over is no request.
      connection.write(bytes.subarray(end));
      const answer = await connection.answer();
      expect(answer?.status).toBe(400);
      expect(disclosedBy(answer)).toEqual([]);
      await connection.closed;
      expect(await census(host)).toEqual({
        ...before,
        rejections: oneMore(before, 'json-invalid'),
      });
    });

    it('stores nothing of a body that is longer than its length', async () => {
      const before = await census(host);
      const bytes = requestBytes({ headers: { 'content-length': '100' }, body: push() });
      const [answer] = await exchange(host.url, bytes);
      expect(answer?.status).toBe(400);
      expect(disclosedBy(answer)).toEqual([]);
      const { rows, runs } = await census(host);
      expect({ rows, runs }).toEqual({ rows: before.rows, runs: before.runs });
    });

    it('does not take a smuggled request for one of its own: it is part of a body in quarantine', async () => {
      const before = await census(host);
      const hidden = requestBytes({ body: push() });
      const bytes = requestBytes({
        headers: { 'content-length': null, 'transfer-encoding': 'chunked' },
        body: chunked(Buffer.concat([Buffer.from('{"a":"'), hidden]), 64),
      });
      const answers = await exchange(host.url, bytes);
      expectAnswer(answers[0], 200);
      expect(answers).toHaveLength(1);
      expect(await census(host)).toEqual({ ...before, rows: before.rows + 1 });
    });

    it.each(['aborted', 'half-closed'])('forgets a body that is %s midway', async (how) => {
      const before = await census(host);
      const connection = new RawConnection(host.url);
      connection.write(partOf(push()));
      // The server has begun to read when it answers another connection.
      await ask(host, { body: '{}' });
      if (how === 'aborted') connection.destroy();
      else connection.end();
      await connection.closed;
      const expected = oneMore(
        { ...before, rejections: oneMore(before, 't-missing') },
        'body-aborted',
      );
      await expect.poll(() => census(host)).toEqual({ ...before, rejections: expected });
    });

    it.each(['zz\r\n', '-5\r\nabcde\r\n', 'ffffffffffffffffff\r\n', '5\r\nabcdefgh'])(
      'ends a body whose chunks are broken: %j',
      async (chunks) => {
        const before = await census(host);
        const bytes = requestBytes({
          headers: { 'content-length': null, 'transfer-encoding': 'chunked' },
          body: chunks,
        });
        const [answer] = await exchange(host.url, bytes);
        expect([undefined, 400]).toContain(answer?.status);
        expect(disclosedBy(answer)).toEqual([]);
        const { rows, runs } = await census(host);
        expect({ rows, runs }).toEqual({ rows: before.rows, runs: before.runs });
      },
    );

    it('lets the caller read 413 even when it asks to close', async () => {
      const request = { headers: { connection: 'close' }, body: Buffer.alloc(2_000_000, 0x20) };
      for (let round = 0; round < 5; round++) {
        expect(await outcomeOf(host, request)).toEqual(refusal(413, 'body-too-large'));
      }
    });

    it('ends an endless upload with 413', async () => {
      const before = await census(host);
      const endless = new RawConnection(host.url);
      endless.write(
        requestBytes({ headers: { 'content-length': null, 'transfer-encoding': 'chunked' } }),
      );
      endless.writeForEver(Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`), 5);
      expectAnswer(await endless.answer(), 413);
      await endless.closed;
      expect(await census(host)).toEqual({
        ...before,
        rejections: oneMore(before, 'body-too-large'),
      });
    });
  });
});

describe.each(ADAPTERS)('after all of this, %s', (adapter) => {
  let stage: Stage;
  let host: Host;
  beforeAll(() => {
    stage = stages.get(adapter) as Stage;
    host = stage.host;
  });

  it('serves authentic callbacks', async () => {
    expect(await outcomeOf(host, { body: push() })).toEqual(acknowledgement());
  });

  it('has polluted no prototype', () => {
    const names = ['polluted', 't', 'sign', 'Label', 'a'];
    expect(names.filter((name) => name in {} || name in [] || name in Object)).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('has written down no key and no genuine sign', async () => {
    const items = await allRejections(host.app);
    const genuine = [SIGN, md5(`${TENANT.key}${T}`), md5(`${ACCOUNT.key}${T}`)];
    for (const { excerpt } of items) {
      for (const secret of [KEY, TENANT.key, ACCOUNT.key, ...genuine]) {
        expect(excerpt?.toLowerCase() ?? '').not.toContain(secret.toLowerCase());
      }
    }
  });

  it('has stored nothing that a key did not sign', async () => {
    const rows = await host.app.get(DataSource).getRepository(LiveCallback).find();
    const unsigned = rows.filter(({ body, bodyEncoding }) => {
      const { t, sign } = readPayload(Buffer.from(body!, bodyEncoding)).value;
      return ![KEY, TENANT.key, ACCOUNT.key].some((key) => md5(`${key}${Number(t)}`) === sign);
    });
    expect(unsigned).toEqual([]);
  });

  it('has ended the silent connection with 408', async () => {
    expectAnswer(await stage.silent.answer(), 408);
    await stage.silent.closed;
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const items = await allRejections(host.app);
    const timeouts = items.filter(({ reason }) => reason === 'body-timeout');
    expect(timeouts.map(({ count }) => count)).toEqual([1]);
    expect(await outcomeOf(host, { body: push() })).toEqual(acknowledgement());
  });
});

/** Own keys of a value, at every depth. */
function ownNames(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = Array.isArray(value) ? [] : Object.getOwnPropertyNames(value);
  return [...own, ...Object.values(value).flatMap(ownNames)];
}
