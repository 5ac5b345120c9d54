/** A value that differs between two bodies; undefined where one does not have it. */
export interface Difference {
  /** Names down to the value, with dots between them. */
  readonly name: string;
  readonly one: string | undefined;
  readonly other: string | undefined;
}

/** In what two JSON values differ, by the names of what is in them. */
export function differences(one: unknown, other: unknown): Difference[] {
  const first = flatten(one);
  const second = flatten(other);
  const names = new Set([...first.keys(), ...second.keys()]);
  return [...names]
    .filter((name) => first.get(name) !== second.get(name))
    .toSorted()
    .map((name) => ({ name, one: first.get(name), other: second.get(name) }));
}

function flatten(value: unknown, name = '', found = new Map<string, string>()) {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      flatten(inner, name === '' ? key : `${name}.${key}`, found);
    }
  } else {
    found.set(name, JSON.stringify(value));
  }
  return found;
}
