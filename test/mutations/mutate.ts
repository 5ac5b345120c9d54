/**
 * Callbacks as no document prints them: the samples of all kinds, changed at random and signed.
 * The same seed and index make the same body, so that a failure can be had again.
 */
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { signatureOf } from '../../src/testing/index.js';
import { samplesOf } from '../support/documented-samples.js';
import { seededRandom, type Random } from '../support/seeded-random.js';
import {
  copyOf,
  depthOf,
  isObject,
  isScalar,
  meaningOf,
  print,
  treeOf,
  type Json,
  type JsonObject,
  type Layout,
  type Member,
} from './json-tree.js';

/** A body that CSS might send one day. */
export interface Mutant {
  readonly body: string;
  /** Kind of the sample that it was made of. */
  readonly kind: string;
  /** Two mutants with the same meaning say the same, `t` and `sign` aside. */
  readonly meaning: string;
}

interface Sample {
  readonly kind: string;
  readonly tree: JsonObject;
}

/** Below the 32 levels and the 256 KB that a receiver has to take. */
const MAX_DEPTH = 30;
const MAX_LENGTH = 200_000;
const MAX_CHANGES = 6;

const SAMPLES: readonly Sample[] = EVENT_DEFINITIONS.flatMap(({ kind }) =>
  samplesOf(kind).map(({ text }) => {
    const { t: _t, sign: _sign, ...content } = JSON.parse(text) as Record<string, unknown>;
    return { kind, tree: treeOf(content) as JsonObject };
  }),
);

const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1e3',
  '1E+2',
  '1e-400',
  '1e400',
  '-1e999',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '18446744073709551615',
  '184467440737095516169',
  '3.141592653589793238462643383279',
  '8640000000000001',
  `1${'0'.repeat(400)}`,
] as const;

const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '007',
  '1e3',
  'true',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '{"a":1}',
  '{',
  '[[[[',
  "' OR 1=1; --",
  '%s%n',
  '<script>',
  'A\tB\r\nC',
  '直播间新闻联播',
  'ひかり',
  'مرحبا',
  '🎥👩‍👩‍👧‍👦',
  'e\u0301',
  '\u202eabc',
  '\u2028\u2029',
  '\ufeff',
  '\ufffe\uffff',
  '\u0000',
  'a\u0000b\u001f\u007f',
  '\ud800',
  '\udc00\ud800',
  'x'.repeat(300),
  '漢'.repeat(260),
] as const;

const NAMES = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  'id',
  'kind',
  'data',
  'T',
  'Sign',
  'event_type ',
  'streamId',
  'stream_id',
  'appid',
  'appId',
  // Not the other spelling of the domain: a body that names two is refused.
  'appname',
  'path',
  'sequence',
  'event_time',
  'task_id',
  'average_score',
  '流',
  '\u0000',
  '\ud83d',
  'n'.repeat(300),
] as const;

const LITERALS = ['null', 'true', 'false'] as const;
const EVENT_TYPES = [
  ...EVENT_DEFINITIONS.map(({ eventType }) => String(eventType)),
  '"1"',
  '"314"',
  '""',
  '"push"',
  '-1',
  '1.5',
  '329',
  '9001',
  '2147483648',
  '1e400',
  '99999999999999999999',
  'null',
  'true',
  '[1]',
  '{}',
] as const;

const LAYOUTS: readonly Layout[] = [
  { space: '', end: '', escapesSlashes: false },
  { space: ' ', end: '\n', escapesSlashes: false },
  { space: '\r\n\t', end: ' \n', escapesSlashes: true },
];

/** The mutant of a seed and an index, signed with the key for the time `t`. */
export function mutantOf(seed: number, index: number, key: string, t: number): Mutant {
  const random = seededRandom(seed * 1_000_003 + index);
  const { kind, tree } = random.pick(SAMPLES);
  const root = copyOf(tree);
  const changes = random.below(20) === 0 ? 0 : 1 + random.below(MAX_CHANGES);
  for (let left = changes; left > 0; left--) change(root, random);
  const signed: JsonObject = { members: [...root.members] };
  const pair = [
    { name: '"t"', value: random.below(2) === 0 ? String(t) : `"${t}"` },
    { name: '"sign"', value: `"${signatureOf(key, t)}"` },
  ];
  for (const member of pair) insert(signed.members, member, random);
  return { kind, body: print(signed, random.pick(LAYOUTS)), meaning: meaningOf(root) };
}

/** Changes one place; a change that would lead beyond what must be taken is taken back. */
function change(root: JsonObject, random: Random): void {
  const before = copyOf(root).members;
  random.pick(CHANGES)(root, random);
  const isTooMuch =
    depthOf(root) > MAX_DEPTH || print(root, LAYOUTS[0] as Layout).length > MAX_LENGTH;
  // The pair is added afterwards, once: a second one is refused for good reason.
  const hasPair = root.members.some(({ name }) => name === '"t"' || name === '"sign"');
  if (isTooMuch || hasPair) root.members.splice(0, root.members.length, ...before);
}

type Change = (root: JsonObject, random: Random) => void;

/** Each is as likely as the others; the commoner ones stand twice. */
const CHANGES: readonly Change[] = [
  replaceBy(flipped),
  replaceBy(flipped),
  replaceBy((_old, random) => anyScalar(random)),
  replaceBy((_old, random) => random.pick(NUMBERS)),
  replaceBy((_old, random) => anyString(random)),
  replaceBy(() => 'null'),
  replaceBy(nested),
  replaceBy(listed),
  removeMember,
  removeMember,
  addMember,
  renameMember,
  repeatMember,
  swapValues,
  shuffleMembers,
  (root, random) => setEventType(root, random),
];

function replaceBy(make: (old: Json, random: Random) => Json): Change {
  return (root, random) => {
    const place = random.pick(placesIn(root));
    place.set(make(place.value, random));
  };
}

function flipped(old: Json, random: Random): Json {
  if (!isScalar(old)) {
    return random.pick<Json>([{ items: [] }, { members: [] }, JSON.stringify('x'), '0', 'null']);
  }
  if (old.startsWith('"')) {
    const content = JSON.parse(old) as string;
    if (/^-?(0|[1-9]\d*)$/.test(content)) return content;
    return random.pick<Json>(['1', 'true', { items: [old] }, { members: [] }]);
  }
  return random.pick<Json>([`"${old}"`, `" ${old} "`, 'true', { items: [old] }]);
}

function nested(old: Json, random: Random): Json {
  let node = old;
  for (let left = 1 + random.below(14); left > 0; left--) {
    node =
      random.below(2) === 0
        ? { items: [node] }
        : { members: [{ name: anyName(random), value: node }] };
  }
  return node;
}

function listed(old: Json, random: Random): Json {
  const lengths = [0, 1, 2, 3, 17, 100, 5000];
  const length = isScalar(old) && old.length < 30 ? random.pick(lengths) : random.below(4);
  const items = Array.from({ length }, () => copyOf(old));
  if (random.below(2) === 0) insert(items, anyScalar(random), random);
  return { items };
}

function removeMember(root: JsonObject, random: Random): void {
  const { members } = random.pick(objectsIn(root));
  if (members.length > 0) members.splice(random.below(members.length), 1);
}

function addMember(root: JsonObject, random: Random): void {
  const value = random.below(4) === 0 ? nested(anyScalar(random), random) : anyScalar(random);
  insert(random.pick(objectsIn(root)).members, { name: anyName(random), value }, random);
}

function renameMember(root: JsonObject, random: Random): void {
  const { members } = random.pick(objectsIn(root));
  if (members.length === 0) return;
  const member = random.pick(members);
  const old = JSON.parse(member.name) as string;
  const spellings = [
    old.toUpperCase(),
    old.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    `${old} `,
    old.slice(1),
    JSON.parse(anyName(random)) as string,
  ];
  member.name = JSON.stringify(random.pick(spellings));
}

function repeatMember(root: JsonObject, random: Random): void {
  const { members } = random.pick(objectsIn(root));
  if (members.length === 0) return;
  const member = random.pick(members);
  const value = random.below(2) === 0 ? copyOf(member.value) : anyScalar(random);
  insert(members, { name: member.name, value }, random);
}

function swapValues(root: JsonObject, random: Random): void {
  const { members } = random.pick(objectsIn(root));
  if (members.length < 2) return;
  const [a, b] = [random.pick(members), random.pick(members)];
  [a.value, b.value] = [b.value, a.value];
}

function shuffleMembers(root: JsonObject, random: Random): void {
  const { members } = random.pick(objectsIn(root));
  const rest = members.splice(0, members.length);
  for (const member of rest) insert(members, member, random);
}

function setEventType({ members }: JsonObject, random: Random): void {
  const member = members.find(({ name }) => name === '"event_type"');
  if (member) member.value = random.pick(EVENT_TYPES);
}

function anyScalar(random: Random): string {
  const kinds = [
    () => random.pick(NUMBERS),
    () => anyString(random),
    () => random.pick(LITERALS),
    () => String(random.below(2 ** 31)),
    () => `"${random.below(2 ** 31)}"`,
  ];
  return random.pick(kinds)();
}

function anyString(random: Random): string {
  if (random.below(100) === 0) return `"${'y'.repeat(60_000 + random.below(10_000))}"`;
  const content = random.below(3) === 0 ? anyText(random) : random.pick(TEXTS);
  // Escaped, or as it stands where UTF-8 can hold it: JSON.stringify escapes lone surrogates.
  return random.below(2) === 0 ? JSON.stringify(content) : escaped(content);
}

/** Any UTF-16 code units at all. */
function anyText(random: Random): string {
  const units = Array.from({ length: random.below(12) }, () => random.below(0x1_0000));
  return String.fromCharCode(...units);
}

function escaped(content: string): string {
  const units = Array.from({ length: content.length }, (_unit, at) =>
    content.charCodeAt(at).toString(16).padStart(4, '0'),
  );
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}

function anyName(random: Random): string {
  return JSON.stringify(random.pick(NAMES));
}

interface Place {
  readonly value: Json;
  set(value: Json): void;
}

/** Every place below the root that holds a value. */
function placesIn(node: Json): Place[] {
  if (isScalar(node)) return [];
  const own: Place[] = isObject(node)
    ? node.members.map((member: Member) => ({
        value: member.value,
        set: (value) => (member.value = value),
      }))
    : node.items.map((value, index) => ({
        value,
        set: (next) => (node.items[index] = next),
      }));
  // Long lists are all alike: one look into their beginning is enough.
  const places = own.flatMap((place, index) =>
    index < 64 ? [place, ...placesIn(place.value)] : [place],
  );
  return places.length > 0 ? places : [{ value: 'null', set: () => {} }];
}

function objectsIn(node: Json): JsonObject[] {
  if (isScalar(node)) return [];
  const children = isObject(node) ? node.members.map(({ value }) => value) : node.items;
  const below = children.slice(0, 64).flatMap(objectsIn);
  // The root as likely as all that is in it: there are the fields that every kind has.
  return isObject(node) ? [node, ...below] : below;
}

function insert<T>(items: T[], item: T, random: Random): void {
  items.splice(random.below(items.length + 1), 0, item);
}
