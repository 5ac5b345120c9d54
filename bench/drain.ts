import { setTimeout as sleep } from 'node:timers/promises';

/** What does not become less for so long will not end, ms. */
const STALLED_MS = 60_000;
const POLL_MS = 20;
/** To count a large backlog takes time of the server that works on it: it gets this many times as much. */
const LEISURE = 10;

/** Waits until nothing is left, or until it does not become less. @returns how long that took, ms */
export async function drained(countLeft: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  let [least, lessAt] = [Infinity, startedAt];
  for (;;) {
    const askedAt = performance.now();
    const left = await countLeft();
    const now = performance.now();
    if (left < least) [least, lessAt] = [left, now];
    if (left <= 0 || now - lessAt > STALLED_MS) return now - startedAt;
    await sleep(POLL_MS + LEISURE * (now - askedAt));
  }
}
