import { setTimeout as sleep } from 'node:timers/promises';

/** A page, and what it asks. */
export interface LookedAt {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Where the console is, and who asks. */
export interface Door {
  /** Of its API. */
  readonly url: string;
  readonly token: string;
}

/** How often a page asks again, ms. */
const EVERY_MS = 5_000;

/** Asks once. @returns how long that took, ms */
export async function timed({ url, token }: Door, path: string): Promise<number> {
  const begin = performance.now();
  const response = await fetch(`${url}/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return performance.now() - begin;
}

/**
 * Looks at one page after the other, each for one round of its questions.
 *
 * @param first page; each person begins with another one
 * @param note told of each question
 */
export async function look(
  door: Door,
  pages: readonly LookedAt[],
  first: number,
  until: AbortSignal,
  note: (page: string, path: string, ms: number) => void,
): Promise<void> {
  // Not all at the same moment.
  await sleep(Math.random() * EVERY_MS, undefined, { signal: until }).catch(() => {});
  for (let n = first; !until.aborted; n++) {
    const { name, paths } = pages[n % pages.length] as LookedAt;
    await Promise.all(paths.map(async (path) => note(name, path, await timed(door, path))));
    await sleep(EVERY_MS, undefined, { signal: until }).catch(() => {});
  }
}
