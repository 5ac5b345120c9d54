/**
 * JSON as a tree that loses nothing of its text: numbers of any size, escapes, and members that
 * stand twice. `JSON.parse` would lose all three.
 */
export type Json = Scalar | JsonList | JsonObject;

/** The text of a string, a number, `true`, `false` or `null`. */
export type Scalar = string;

export interface JsonList {
  readonly items: Json[];
}

export interface JsonObject {
  readonly members: Member[];
}

export interface Member {
  /** JSON text of the name, quotes included. */
  name: string;
  value: Json;
}

/** How a tree is written: none of it changes what the text says. */
export interface Layout {
  readonly space: string;
  readonly end: string;
  readonly escapesSlashes: boolean;
}

export const isScalar = (node: Json): node is Scalar => typeof node === 'string';
export const isObject = (node: Json): node is JsonObject => !isScalar(node) && 'members' in node;

/** The tree of a value that `JSON.parse` has made. */
export function treeOf(value: unknown): Json {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value === 'object' && value !== null) {
    return {
      members: Object.entries(value).map(([name, child]) => ({
        name: JSON.stringify(name),
        value: treeOf(child),
      })),
    };
  }
  return JSON.stringify(value);
}

export function copyOf<T extends Json>(node: T): T {
  const copy = (it: Json): Json => {
    if (isScalar(it)) return it;
    if (!isObject(it)) return { items: it.items.map(copy) };
    return { members: it.members.map(({ name, value }) => ({ name, value: copy(value) })) };
  };
  return copy(node) as T;
}

export function depthOf(node: Json): number {
  if (isScalar(node)) return 0;
  const children = isObject(node) ? node.members.map(({ value }) => value) : node.items;
  return 1 + children.reduce((deepest, child) => Math.max(deepest, depthOf(child)), 0);
}

export function print(node: Json, layout: Layout): string {
  const { space, escapesSlashes } = layout;
  const text = (scalar: Scalar) =>
    escapesSlashes && scalar.startsWith('"') && !scalar.includes('\\')
      ? scalar.replaceAll('/', '\\/')
      : scalar;
  const write = (it: Json): string => {
    if (isScalar(it)) return text(it);
    if (!isObject(it)) return `[${it.items.map((item) => space + write(item)).join(',')}${space}]`;
    const members = it.members.map(
      ({ name, value }) => `${space}${text(name)}${space}:${space}${write(value)}`,
    );
    return `{${members.join(',')}${space}}`;
  };
  return write(node) + layout.end;
}

/**
 * What a tree says, as a text that two trees share exactly when a listener could not tell them
 * apart: the order of members does not count, the last of several wins, members that could reach a
 * prototype are left out, and integers beyond 2^53 are their digits.
 */
export function meaningOf(node: Json): string {
  if (isScalar(node)) return scalarMeaning(node);
  if (!isObject(node)) return `[${node.items.map(meaningOf).join(',')}]`;
  const members = lastOfEach(node);
  const constructed = members.get('constructor');
  if (constructed && !isScalar(constructed) && isObject(constructed)) {
    if (lastOfEach(constructed).has('prototype')) members.delete('constructor');
  }
  members.delete('__proto__');
  return `{${[...members]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${JSON.stringify(name)}:${meaningOf(value)}`)
    .join(',')}}`;
}

function lastOfEach({ members }: JsonObject): Map<string, Json> {
  return new Map(members.map(({ name, value }) => [JSON.parse(name) as string, value]));
}

function scalarMeaning(scalar: Scalar): string {
  const value = JSON.parse(scalar) as unknown;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (/^-?\d+$/.test(scalar) && !Number.isSafeInteger(value)) return `"${scalar}"`;
  return String(value); // endless ones too, which JSON.stringify would call null
}
