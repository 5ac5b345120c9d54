/**
 * Those of a list of names; all when it is empty.
 *
 * @param what what they are, for the error
 * @throws Error that names the known ones
 */
export function choose<T extends { readonly name: string }>(
  all: readonly T[],
  list: string,
  what: string,
): T[] {
  if (list === '') return [...all];
  return list.split(',').map((name) => {
    const found = all.find((it) => it.name === name);
    if (found) return found;
    const known = all.map((it) => it.name).join(', ');
    throw new Error(`There is no ${what} "${name}". Known: ${known}.`);
  });
}
