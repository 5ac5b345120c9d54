/**
 * Random histories of one stream: pushes that overlap or follow each other, evidence that is lost, doubled, late
 * or out of order, clocks that step. What the tables hold in the end is what a simple count says.
 */
import { expect, it } from 'vitest';

import type { PushEvidence } from '../../src/sessions/push.evidence.js';
import { seededRandom } from '../support/seeded-random.js';
import { began, ended } from './evidence.js';
import { SessionTable } from './session-table.js';

const HISTORIES = 20_000;
const SEED = 20_261_128;
const SPAN = 120;
const WINDOWS = [0, 5, 30] as const;
/** Later than every window, Unix milliseconds. */
const END = 10_000_000;

interface Evidence {
  readonly evidence: PushEvidence;
  readonly sequence: string;
  readonly begin?: number;
  readonly end?: number;
  readonly duration?: number;
}

/** What is told of random pushes. */
function history(random: () => number): Evidence[] {
  const integer = (most: number) => Math.floor(random() * (most + 1));
  const told: Evidence[] = [];
  for (let n = integer(4); n >= 0; n--) {
    const sequence = String(n);
    const begin = integer(SPAN);
    const end = begin + integer(random() < 0.5 ? 3 : 60);
    const isLost = () => random() < 0.2;
    const duration = random() < 0.1 ? undefined : end - begin;
    if (!isLost()) told.push({ evidence: began(sequence, begin), sequence, begin });
    if (!isLost()) {
      told.push({
        evidence: ended(sequence, end, duration),
        sequence,
        end,
        duration: duration ?? 0,
      });
    }
  }
  const doubled = told.filter(() => random() < 0.3);
  return [...told, ...doubled]
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** The sessions, second by second and without a thought of efficiency. */
function countOf(told: readonly Evidence[], window: number): object[] {
  const spans = [...new Set(told.map(({ sequence }) => sequence))].map((sequence) => {
    const of = told.filter((one) => one.sequence === sequence);
    const begin = of.find((one) => one.begin !== undefined)?.begin;
    const over = of.find((one) => one.end !== undefined);
    const from = begin ?? over!.end! - over!.duration!;
    return { from, to: over ? Math.max(from, over.end!) : Infinity };
  });
  const isNear = (a: { from: number; to: number }, b: { from: number; to: number }) =>
    a.from <= b.to + window && b.from <= a.to + window;
  // Who is near to somebody near belongs to the same session.
  const groups = spans.map((span) => [span]);
  for (;;) {
    const pair = groups.flatMap((a, i) =>
      groups.flatMap((b, j) =>
        i < j && a.some((x) => b.some((y) => isNear(x, y))) ? [[i, j]] : [],
      ),
    )[0] as [number, number] | undefined;
    if (!pair) break;
    groups[pair[0]] = [...groups[pair[0]]!, ...groups[pair[1]]!];
    groups.splice(pair[1], 1);
  }
  return groups
    .map((group) => {
      const from = Math.min(...group.map((span) => span.from));
      const to = Math.max(...group.map((span) => span.to));
      const isLive = to === Infinity;
      const last = Math.max(
        ...group.flatMap((span) => (span.to === Infinity ? [span.from] : [span.from, span.to])),
      );
      let [uptime, gap, gaps, peak, wasUp] = [0, 0, 0, 1, true];
      // Halves of seconds: between two whole ones nothing begins or ends.
      for (let second = from; second < last; second++) {
        const pushes = group.filter((span) => span.from <= second && span.to > second).length;
        const isUp = pushes > 0;
        if (isUp) uptime++;
        else gap++;
        if (wasUp && !isUp) gaps++;
        // A push of no length in a gap divides it in two.
        if (!wasUp && !isUp && group.some((span) => span.from === second && span.to === second))
          gaps++;
        wasUp = isUp;
        peak = Math.max(peak, pushes);
      }
      const peakAtEnd = group.filter((span) => span.from <= last && span.to > last).length;
      const stretch = isLive ? uptimeSince(group, last) : 0;
      return {
        startedAt: from,
        state: isLive ? 'live' : 'ended',
        interruptedAt: isLive ? null : to,
        pushesCount: group.length,
        openCount: group.filter((span) => span.to === Infinity).length,
        uptime: uptime - stretch,
        gap,
        gaps: gaps,
        peak: Math.max(peak, peakAtEnd),
      };
    })
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

/** How long before a time there was a push without a gap. */
function uptimeSince(group: readonly { from: number; to: number }[], time: number): number {
  let since = time;
  while (group.some((span) => span.from <= since - 1 && span.to > since - 1)) since--;
  return time - since;
}

it(`in ${HISTORIES} random histories the tables hold what a simple count says`, () => {
  const source = seededRandom(SEED);
  const random = () => source.below(2 ** 20) / 2 ** 20;
  const wrong: object[] = [];
  for (let n = 0; n < HISTORIES; n++) {
    const window = WINDOWS[n % WINDOWS.length]!;
    const told = history(random);
    let table = new SessionTable(window * 1000);
    // A clock that goes on, and sometimes steps back.
    let now = 0;
    for (const { evidence } of told) {
      now = Math.max(0, now + (random() - 0.2) * 100_000);
      if (random() < 0.3) table = table.tick(now);
      table = table.take(evidence, now);
    }
    table = table.tick(END);
    const held = [...table.sessions.values()]
      .map((session) => ({
        startedAt: session.startedAt.getTime() / 1000,
        state: session.state,
        interruptedAt:
          session.interruptedAt === null ? null : session.interruptedAt.getTime() / 1000,
        pushesCount: session.pushesCount,
        openCount: session.openCount,
        uptime: session.uptimeMs / 1000,
        gap: session.gapMs / 1000,
        gaps: session.reconnects,
        peak: session.peakConcurrentPushes,
      }))
      .toSorted((a, b) => a.startedAt - b.startedAt);
    const expected = countOf(told, window);
    const what = told.map(({ evidence: _evidence, ...rest }) => rest);
    if (JSON.stringify(held) !== JSON.stringify(expected))
      wrong.push({ n, window, what, held, expected });
    if (table.heardCore !== table.core) {
      wrong.push({ n, window, what, heard: table.heardCore, held: table.core });
    }
  }
  expect(wrong).toEqual([]);
});
