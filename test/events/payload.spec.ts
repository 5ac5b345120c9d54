import { describe, expect, it } from 'vitest';

import { parseJson } from '../../src/events/payload/payload.js';
import { MAX_DEPTH } from '../../src/events/payload/payload.error.js';
import { parsePayload, PayloadError, type PayloadErrorReason } from '../../src/index.js';
import { seededRandom, type Random } from '../support/seeded-random.js';

/**
 * Covers the reader of callback bodies: integers of any length survive, whatever stands around
 * them; repeated top-level keys are noticed in every spelling; depth is bounded before anything
 * recurses; no key reaches a prototype; and apart from that the reader accepts, refuses and means
 * exactly what JSON.parse does, which seeded random texts show. A failure shows its text.
 */

const nested = (levels: number, open = '[', close = ']') =>
  open.repeat(levels) + close.repeat(levels);

function reasonOf(text: string): PayloadErrorReason | 'accepted' {
  try {
    parsePayload(text);
    return 'accepted';
  } catch (error) {
    if (error instanceof PayloadError) return error.reason;
    throw error;
  }
}

const valueOf = (lexeme: string) => parsePayload(`{"n":${lexeme}}`).value['n'];

describe('an integer', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['17', 17],
    ['-17', -17],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['1000000000000000', 1000000000000000],
  ])('that a double holds stays a number: %s', (lexeme, expected) => {
    expect(valueOf(lexeme)).toBe(expected);
  });

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '18446744073709551615',
    '18446744073709551616',
    '98765432109876543210987654321098765432109876543210',
    '9'.repeat(400),
    '9'.repeat(100_000),
  ])('that a double rounds becomes the text of its digits: %.30s', (lexeme) => {
    expect(valueOf(lexeme)).toBe(lexeme);
  });

  it.each([
    ['in a list', '{"a":[9007199254740993,1,9007199254740995]}'],
    ['in nested lists', '{"a":[[[9007199254740993],[1,[9007199254740995]]]]}'],
    ['in nested objects', '{"a":{"b":{"c":9007199254740993,"d":[{"e":9007199254740995}]}}}'],
    ['after a text that looks like JSON', '{"a":"{\\"b\\":[1,","c":9007199254740993,"d":"]"}'],
    ['after a text that ends in a backslash', '{"a":"\\\\","b":9007199254740993}'],
  ])('is kept %s', (_where, text) => {
    const quoted = text.replace(/(?<=[[,:])\d{16}/g, '"$&"');
    expect(parsePayload(text).value).toEqual(JSON.parse(quoted));
  });

  it.each([1, 2, 63, 64, 65, 80, 1_000, 10_000])(
    'is kept with %d characters of white space on either side',
    (length) => {
      const blank = ' \t\r\n'.repeat(length).slice(0, length);
      const text = `{"a":${blank}9007199254740993${blank},"b":[${blank}9007199254740995${blank}]${blank}}`;
      expect(parsePayload(text).value).toEqual({
        a: '9007199254740993',
        b: ['9007199254740995'],
      });
    },
  );

  it('is kept when it is the whole of a JSON text', () => {
    expect(parseJson('9007199254740993')).toBe('9007199254740993');
    expect(parseJson(' -9007199254740993 ')).toBe('-9007199254740993');
  });

  it('inside a text is not touched', () => {
    const { value } = parsePayload('{"a":"9007199254740993","b":"x,9007199254740993,y"}');
    expect(value).toEqual({ a: '9007199254740993', b: 'x,9007199254740993,y' });
  });

  it('with a fraction or an exponent is a number like any other', () => {
    expect(valueOf('9007199254740993.5')).toBe(Number('9007199254740993.5'));
    expect(valueOf('12345678901234567890.0')).toBe(Number('12345678901234567890'));
    expect(valueOf('1.7037320780000000e9')).toBe(1703732078);
    expect(valueOf('1e999')).toBe(Infinity);
  });

  it.each([
    '{9007199254740993:1}',
    '{"a":1,9007199254740993:1}',
    '{"a":1,9007199254740993 :1}',
    '{"a":1,9007199254740993}',
    '{"a":1,9007199254740993,"b":2}',
    '{"a" 9007199254740993}',
    '{"a":9007199254740993 9007199254740993}',
    '{"a":[9007199254740993 9007199254740993]}',
    '{"a":[9007199254740993]9007199254740993}',
    '{"a":"b"9007199254740993}',
    '{"a":09007199254740993}',
    '{"a":-09007199254740993}',
    '{"a":+9007199254740993}',
    '{"a":--9007199254740993}',
    '{"a":9007199254740993n}',
    '{"a":9007199254740993"b"}',
    '{"a":9007199254740993.}',
    '{"a":9007199254740993e}',
    '{"a":9007199254740993\u00a0}',
    '{"a":\u00a09007199254740993}',
    '{"a":9007199254740993]',
    '[9007199254740993',
  ])('where no integer may stand is no JSON: %s', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(reasonOf(text)).toBe('json-invalid');
  });
});

describe('a repeated key', () => {
  it.each([
    ['plainly', '{"t":1,"t":2}', ['t']],
    ['with an escape', '{"t":1,"\\u0074":2}', ['t']],
    ['with two different escapes', '{"\\u006E":1,"\\u006e":2}', ['n']],
    ['as an escaped quote', '{"a\\"":1,"a\\u0022":2}', ['a"']],
    ['as an escaped backslash', '{"\\\\":1,"\\u005c":2}', ['\\']],
    ['as an escaped slash', '{"a/b":1,"a\\/b":2}', ['a/b']],
    ['as the empty key', '{"":1,"":2}', ['']],
    ['three times', '{"t":1,"t":2,"t":3}', ['t']],
    ['around nested values', '{"t":{"x":[1,{"y":2}]},"sign":"a,\\"t\\":","t":2}', ['t']],
    ['after a list', '{"a":[1,"t",2],"t":1,"t":2}', ['t']],
    ['with white space', '{ "t" \n : 1 , \t "t" : 2 }', ['t']],
    ['with a byte order mark', '\ufeff{"t":1,"t":2}', ['t']],
    ['two of them', '{"t":1,"sign":2,"sign":3,"t":4}', ['sign', 't']],
    ['a prototype', '{"__proto__":1,"__proto__":2}', ['__proto__']],
  ])('at the top level is noticed: %s', (_how, text, keys) => {
    expect([...parsePayload(text).repeatedKeys].toSorted()).toEqual(keys);
  });

  it.each([
    ['in a nested object', '{"a":{"t":1,"t":2}}'],
    ['at two depths', '{"t":1,"a":{"t":2},"b":[{"t":3}]}'],
    ['as key and value', '{"t":"t","u":"t"}'],
    ['as texts of a list', '{"a":["t","t","t"]}'],
    ['inside a text', '{"t":"\\"t\\":1,\\"t\\":2"}'],
    ['in another case', '{"t":1,"T":2}'],
    ['with a space', '{"t":1,"t ":2}'],
  ])('is not seen where there is none: %s', (_how, text) => {
    expect(parsePayload(text).repeatedKeys.size).toBe(0);
  });

  it('takes its last value, as JSON.parse has it', () => {
    expect(parsePayload('{"t":1,"t":2}').value).toEqual({ t: 2 });
  });
});

describe('the depth', () => {
  it('may be 32', () => {
    expect(MAX_DEPTH).toBe(32);
    expect(reasonOf(`{"a":${nested(31)}}`)).toBe('accepted');
    expect(reasonOf(`{"a":${nested(31, '{"a":', '}').replace(':}', ':1}')}}`)).toBe('accepted');
  });

  it('is counted, not the number of brackets', () => {
    expect(reasonOf(`{"a":[${'[],'.repeat(5_000)}{}]}`)).toBe('accepted');
    expect(reasonOf(`{"a":"${'['.repeat(5_000)}"}`)).toBe('accepted');
  });

  it.each([
    ['33 levels', `{"a":${nested(32)}}`],
    ['33 levels of objects', '{"a":'.repeat(33)],
    ['100,000 levels', nested(100_000)],
    ['a million levels that never close', '['.repeat(1_000_000)],
  ])('may not be more: %s', (_how, text) => {
    expect(reasonOf(text)).toBe('json-too-deep');
  });

  it('cannot be lowered by closing what was never opened', () => {
    expect(reasonOf(`${']'.repeat(100_000)}${nested(100_000)}`)).toBe('json-invalid');
  });
});

describe('a key that could reach a prototype', () => {
  it.each([
    ['__proto__', '{"a":1,"__proto__":{"polluted":1}}'],
    ['__proto__ with escapes', '{"a":1,"\\u005f\\u005Fproto_\\u005f":{"polluted":1}}'],
    ['__proto__ as a number', '{"a":1,"__proto__":1}'],
    ['__proto__ twice', '{"__proto__":1,"a":1,"__proto__":{"polluted":1}}'],
    ['constructor.prototype', '{"a":1,"constructor":{"prototype":{"polluted":1}}}'],
    ['constructor with escapes', '{"a":1,"c\\u006fnstructor":{"prototype":{"polluted":1}}}'],
  ])('is left out: %s', (_which, text) => {
    const { value } = parsePayload(text);
    expect(Object.getOwnPropertyNames(value)).toEqual(['a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value['polluted']).toBeUndefined();
  });

  it('is left out at every depth', () => {
    const { value } = parsePayload(
      '{"a":[{"b":{"__proto__":{"polluted":1},"c":[{"constructor":{"prototype":{}},"d":1}]}}]}',
    );
    expect(JSON.stringify(value)).toBe('{"a":[{"b":{"c":[{"d":1}]}}]}');
    expect('polluted' in {}).toBe(false);
  });

  it('is data where it cannot: names of methods stay', () => {
    const text = '{"toString":1,"valueOf":null,"constructor":"x","prototype":{"a":1},"then":2}';
    expect(JSON.stringify(parsePayload(text).value)).toBe(text);
  });
});

describe('a text that is no JSON object', () => {
  it.each([
    ['', 'json-invalid'],
    [' ', 'json-invalid'],
    ['{', 'json-invalid'],
    ['{"a":1,}', 'json-invalid'],
    ["{'a':1}", 'json-invalid'],
    ['{"a":NaN}', 'json-invalid'],
    ['{"a":1}{"b":2}', 'json-invalid'],
    ['{"a":"\n"}', 'json-invalid'],
    ['{"a":"\\x"}', 'json-invalid'],
    ['{"a":1}\0', 'json-invalid'],
    ['\ufeff', 'json-invalid'],
    ['\ufeff\ufeff{}', 'json-invalid'],
    ['[]', 'json-not-object'],
    ['[{"t":1}]', 'json-not-object'],
    ['null', 'json-not-object'],
    ['true', 'json-not-object'],
    ['"{}"', 'json-not-object'],
    ['12345678901234567890', 'json-not-object'],
  ] as const)('is refused: %j as %s', (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it('may begin with one byte order mark all the same', () => {
    expect(parsePayload('\ufeff{"a":9007199254740993}').value).toEqual({ a: '9007199254740993' });
  });

  it('throws an error that quotes nothing of it', () => {
    expect(() => parsePayload('{"sign":"3fecf825f6676f24151c869b17e2351d"')).toThrow(
      /^The body of a callback must be JSON\.$/,
    );
  });
});

describe('random texts', () => {
  const SEED = 20260214;
  const ROUNDS = 3_000;

  it('of JSON objects mean what JSON.parse says', () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const text = randomObject(random, 0);
      const { value } = parsePayload(text);
      expect({ round, text, value }).toEqual({ round, text, value: JSON.parse(text) as unknown });
    }
  });

  it('with one character changed are accepted exactly when JSON.parse accepts them', () => {
    const random = seededRandom(SEED + 1);
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const text = mutated(random, randomObject(random, 0));
      const expected = outcomeOf(text);
      expect({ round, text, reason: reasonOf(text) }).toEqual({
        round,
        text,
        reason: expected.reason,
      });
      if (expected.reason !== 'accepted') continue;
      accepted++;
      const value = rounded(parsePayload(text).value);
      expect({ round, text, value }).toEqual({ round, text, value: rounded(expected.value) });
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 10);
    expect(accepted).toBeLessThan(ROUNDS);
  });

  it('of brackets, quotes and digits are judged as JSON.parse judges them', () => {
    const random = seededRandom(SEED + 2);
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      ' ',
      '"a"',
      'null',
    ];
    for (let round = 0; round < ROUNDS; round++) {
      const text = `{"a":${Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('')}}`;
      const { reason } = outcomeOf(text);
      expect({ round, text, reason: reasonOf(text) }).toEqual({ round, text, reason });
    }
  });

  it('with integers of 1 to 40 digits keep every digit', () => {
    const random = seededRandom(SEED + 3);
    for (let round = 0; round < ROUNDS; round++) {
      const numbers = Array.from({ length: 1 + random.below(4) }, () => randomInteger(random));
      const list = numbers.map((one) => space(random) + one + space(random)).join(',');
      const { value } = parsePayload(`{"a":[${list}],"b":${space(random)}${numbers[0]}}`);
      const exact = numbers.map((one) => (Number.isSafeInteger(Number(one)) ? Number(one) : one));
      const expected = { a: exact, b: exact[0] };
      expect({ round, list, value }).toEqual({ round, list, value: expected });
    }
  });
});

/** What JSON.parse and the demand for an object make of a text. */
function outcomeOf(text: string): { reason: PayloadErrorReason | 'accepted'; value?: unknown } {
  try {
    const value = JSON.parse(text) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { reason: 'accepted', value } : { reason: 'json-not-object' };
  } catch {
    return { reason: 'json-invalid' };
  }
}

/** A mutation may make a long integer: both readings of it become the same text. */
function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
  }
  const isLong = typeof value === 'string' && /^-?[1-9]\d{15,}$/.test(value);
  const number = isLong ? Number(value) : value;
  const isUnsafe = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isUnsafe ? `about ${String(number)}` : value;
}

const KEYS = ['t', 'sign', 'event_type', 'a b', '', 'ключ', '\u{1f600}', 'a"b', 'toString', '0'];
const TEXTS = [
  '',
  'live',
  '"',
  '\\',
  '{"a":[1,',
  '],',
  '\u2028',
  '\u{20bb7}',
  '\0',
  '\ud800',
  ':1,',
];
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e3',
  '1E-2',
  '1703732078',
  '999999999999999',
  '1e400',
];

function randomObject(random: Random, depth: number): string {
  const members = Array.from(
    { length: random.below(5) },
    () =>
      `${randomText(random, random.pick(KEYS))}${space(random)}:${randomValue(random, depth + 1)}`,
  );
  return `${space(random)}{${space(random)}${members.join(`,${space(random)}`)}}${space(random)}`;
}

function randomValue(random: Random, depth: number): string {
  const choice = random.below(depth > 6 ? 4 : 7);
  if (choice === 0) return space(random) + random.pick(['null', 'true', 'false']);
  if (choice === 1 || choice === 2) return random.pick(NUMBERS) + space(random);
  if (choice === 3) return randomText(random, random.pick(TEXTS));
  if (choice === 4) return randomObject(random, depth);
  const items = Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
  return `[${space(random)}${items.join(',')}${space(random)}]`;
}

/** A JSON text in one of its many spellings. */
function randomText(random: Random, text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charAt(i));
  if (random.below(4) > 0) return JSON.stringify(text);
  const hex = units.map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return `"${hex.map((digits) => `\\u${digits}`).join('')}"`;
}

function space(random: Random): string {
  return random.below(4) > 0 ? '' : random.pick([' ', '\n', '\t', '\r\n', '  ', ' '.repeat(70)]);
}

function randomInteger(random: Random): string {
  const digits = Array.from({ length: random.below(40) }, () => String(random.below(10)));
  return `${random.pick(['', '-'])}${1 + random.below(9)}${digits.join('')}`;
}

function mutated(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const insert = random.pick([
    '',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '9',
    '-',
    ' ',
    'x',
  ]);
  return text.slice(0, at) + insert + text.slice(at + random.below(2));
}
