/** What is masked in bodies, whoever wrote them, and what that costs. */
import { describe, expect, it } from 'vitest';

import { maskExcerpt, maskSecrets, maskStreamParam } from '../../src/common/mask-secrets.js';

const SIGN = '0123456789abcdef0123456789abcdef';

describe('a masked body', () => {
  it.each([
    ['sign and t', `{"t":1790000000,"sign":"${SIGN}","a":1}`, '{"t":"***","sign":"***","a":1}'],
    ['an escaped key', `{"\\u0073ign":"${SIGN}"}`, '{"\\u0073ign":"***"}'],
    ['an escaped value', `{"sign":"\\u0030${SIGN.slice(1)}"}`, '{"sign":"***"}'],
    ['a repeated key', `{"sign":"${SIGN}","sign":"x"}`, '{"sign":"***","sign":"***"}'],
    ['a stream_param', '{"stream_param":"txSecret\\u003dabc"}', '{"stream_param":"***"}'],
    [
      'one that is a list',
      '{"stream_param":["a",{"b":"]"}],"c":1}',
      '{"stream_param":"***","c":1}',
    ],
    ['white space', '{ "sign" :\n "abc" , "t" : 1 }', '{ "sign" :\n "***" , "t" : "***" }'],
    ['JSON in a string', '{"ext":"{\\"sign\\":\\"abc\\"}"}', '{"ext":"{\\"sign\\":\\"***\\"}"}'],
    [
      'a query string',
      '{"url":"rtmp://a/b?txSecret=abc&c=d"}',
      '{"url":"rtmp://a/b?txSecret=***&c=d"}',
    ],
    ['an escaped one', '{"url":"a?txSecret\\u003dabc\\u0026c=d"}', '{"url":"a?txSecret=***&c=d"}'],
    ['an auth_key', '{"url":"a?auth_key=1-2-3-abc"}', '{"url":"a?auth_key=***"}'],
    ['an encoded query', '{"url":"a%3Ftoken%3Dabc"}', '{"url":"a%3Ftoken%3D***"}'],
    ['a password', '{"url":"redis://user:secret1@host/"}', '{"url":"redis://user:***@host/"}'],
  ])('has no secret of %s', (_what, body, masked) => {
    expect(maskSecrets(body)).toBe(masked);
    expect(() => JSON.parse(masked)).not.toThrow();
  });

  it.each([
    '\uFEFF{"event_type":1, "id":12345678901234567890}',
    '{"url":"http://a:80/","mail":"x@y","md5":"0123456789abcdef0123456789abcdef"}',
    '{"text":"a \\"quoted\\" word, a \\u0041, {\\"json\\": [1]}"}',
    'no JSON, and "half a string',
  ])('is what it was where there is none: %s', (body) => {
    expect(maskSecrets(body)).toBe(body);
  });

  it('has no stream_param either where a quote before it is not escaped', () => {
    const body = '{"id":"bro"ken","stream_param":"user=me&pa"ss=abc","n":1}';
    const masked = '{"id":"bro"ken","stream_param":"***","n":1}';
    expect(maskSecrets(body)).toBe(masked);
    expect(maskStreamParam(body)).toBe(masked);
    expect(maskSecrets(body.slice(0, 48))).toBe('{"id":"bro"ken","stream_param":"***"');
  });

  it('loses nothing else where its stream_param alone is masked', () => {
    const body = `{"sign":"${SIGN}","url":"a?token=b","n":"{\\"stream_param\\":\\"a\\"}","stream_param":"a"}`;
    const masked = `{"sign":"${SIGN}","url":"a?token=b","n":"{\\"stream_param\\":\\"***\\"}","stream_param":"***"}`;
    expect(maskStreamParam(body)).toBe(masked);
  });

  it('may be cut off anywhere', () => {
    const body = `{"a":"\\n","sign":"${SIGN}","stream_param":"txSecret\\u003d${SIGN}","t":17}`;
    for (let length = 0; length <= body.length; length++) {
      expect(maskExcerpt(body.slice(0, length))).not.toMatch(/[0-9a-f]{4}/);
    }
  });

  it('hides what lies deeper than anybody looks', () => {
    let text = `{"sign":"${SIGN}"}`;
    for (let depth = 0; depth < 8; depth++) text = JSON.stringify({ a: text });
    expect(maskSecrets(text)).not.toContain(SIGN);
  });

  it.each([
    ['backslashes', '\\'],
    ['quotes', '"'],
    ['escaped quotes', '\\"'],
    ['keys', '"sign":'],
    ['keys of texts', '"stream_param":"'],
    ['quotes and spaces', '"stream_param":" " '],
    ['brackets', '"t":['],
    ['spaces', '"a" '],
    ['blanks', ' '],
    ['digits', 'a1'],
    ['queries', '?a'],
    ['names', 'sign'],
    ['URLs', 'a://b:'],
    ['equals', 'key='],
    ['escapes', '"\\u0022'],
  ])('costs in proportion to its length: %s', (_what, piece) => {
    const milliseconds = (size: number) => {
      const text = piece.repeat(size / piece.length);
      const startedAt = performance.now();
      maskExcerpt(text);
      return performance.now() - startedAt;
    };
    milliseconds(1_000);
    expect(milliseconds(300_000)).toBeLessThan(2_000);
  });
});
