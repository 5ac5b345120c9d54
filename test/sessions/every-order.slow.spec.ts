/**
 * Neither the order in which evidence comes nor its repetition matters: every order of every selection of
 * six pieces of evidence of three pushes gives the same rows, and who listens knows the same in the end.
 */
import { describe, expect, it } from 'vitest';

import type { PushEvidence } from '../../src/sessions/push.evidence.js';
import { mergeFacts, type PushFacts } from '../../src/sessions/push.facts.js';
import { HISTORIES } from './evidence.js';
import { SessionTable } from './session-table.js';

const WINDOW_MS = 60_000;
/** Later than all windows, in the middle of things where sessions are ended meanwhile, and before them. */
const CLOCKS = [
  { now: 10_000_000, ends: false },
  { now: 205_000, ends: true },
  { now: 0, ends: false },
];

/**
 * Every order of every selection, and each piece again at every point.
 *
 * @returns how many orders there were, and those that came to something else than others
 */
function walk(evidence: readonly PushEvidence[], now: number, ends: boolean) {
  const expected = new Map<number, readonly string[]>();
  const wrong: object[] = [];
  let orders = 0;
  const step = (table: SessionTable, used: readonly number[]) => {
    orders++;
    const end = ends ? table.tick(now) : table;
    const selection = used.reduce((bits, index) => bits | (1 << index), 0);
    const outcome = [end.rows, end.heardCore];
    const [rows, heard] = expected.get(selection) ?? outcome;
    expected.set(selection, [rows!, heard!]);
    if (outcome[0] !== rows) wrong.push({ used, rows: outcome[0], expected: rows });
    if (outcome[1] !== heard) wrong.push({ used, heard: outcome[1], expected: heard });
    if (outcome[1] !== end.core) wrong.push({ used, heard: outcome[1], held: end.core });
    evidence.forEach((one, index) => {
      const next = end.take(one, now);
      if (!used.includes(index)) step(next, [...used, index]);
      // What is known already changes nothing at all.
      else if (next !== end) wrong.push({ used, again: index, rows: next.rows, expected: rows });
    });
  };
  step(new SessionTable(WINDOW_MS), []);
  return { orders, wrong };
}

describe.each(Object.entries(HISTORIES))('%s', (_name, evidence) => {
  it.each(CLOCKS)('come to the same in every order, by the clock $now', ({ now, ends }) => {
    expect(evidence).toHaveLength(6);
    // 6! orders of all, and those of all selections.
    expect(walk(evidence, now, ends)).toEqual({ orders: 1957, wrong: [] });
  });
});

describe('facts', () => {
  const texts = Object.values(HISTORIES)
    .flat()
    .map((one) => JSON.stringify(one.facts));
  const facts = [...new Set(texts)].slice(0, 24).map((text) => JSON.parse(text) as PushFacts);
  const same = (a: PushFacts, b: PushFacts) => JSON.stringify(a) === JSON.stringify(b);

  it('merge to the same whichever comes first, and however they are grouped', () => {
    const ordered = facts.map((one) => mergeFacts(one, {}));
    const wrong = ordered.flatMap((a) =>
      ordered.flatMap((b) => [
        ...(same(mergeFacts(a, b), mergeFacts(b, a)) ? [] : [[a, b]]),
        ...ordered.flatMap((c) =>
          same(mergeFacts(mergeFacts(a, b), c), mergeFacts(a, mergeFacts(b, c))) ? [] : [[a, b, c]],
        ),
      ]),
    );
    expect(wrong).toEqual([]);
  });

  it('are no more when they are said again', () => {
    for (const one of facts) expect(same(mergeFacts(one, one), mergeFacts(one, {}))).toBe(true);
  });
});
