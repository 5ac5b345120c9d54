/** What the benchmarks call wrong, and what a missed target. */
import { describe, expect, it } from 'vitest';

import { growthOf } from '../../bench/backlog.js';
import { judgeFigures } from '../../bench/targets.js';
import { problemsOf, type Outcome } from '../../bench/verification.js';

describe('the verdicts', () => {
  const clean: Outcome = {
    complaints: [],
    answered: 10,
    acknowledged: 10,
    listeners: 2,
    handled: 20,
    rows: 10,
    deliveries: { pending: 0, done: 20, dead: 0 },
  };

  it('find nothing wrong with a clean run', () => {
    expect(problemsOf(clean)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>]>([
    ['a wrong answer', { complaints: ['status 500: '] }],
    [
      'a run without answers',
      { answered: 0, acknowledged: 0, rows: 0, listeners: 0, handled: 0, deliveries: null },
    ],
    ['a lost callback', { rows: 9 }],
    ['a doubled callback', { rows: 11 }],
    ['a listener that ran twice', { handled: 21 }],
    ['a delivery that still waits', { deliveries: { pending: 1, done: 19, dead: 0 } }],
    ['a dead letter', { deliveries: { pending: 0, done: 19, dead: 1 } }],
  ])('fail a run with %s', (_name, change) => {
    expect(problemsOf({ ...clean, ...change })).toHaveLength(1);
  });

  it('mark what misses its target, by the median', () => {
    const atLeast = { name: 'x', bound: { atLeast: 5 } };
    expect(judgeFigures(atLeast, [9, 5, 1])).toMatchObject({ isMet: true, verdict: 'met' });
    expect(judgeFigures(atLeast, [4, 4, 9]).verdict).toBe('MISSED by 20 %');
    const atMost = { name: 'x', bound: { atMost: 2 } };
    expect(judgeFigures(atMost, [2.1]).verdict).toBe('MISSED by 5.0 %');
    expect(judgeFigures(atMost, [])).toMatchObject({ isMet: null, verdict: 'not measured' });
  });

  it('see a backlog that grows', () => {
    expect(growthOf([5, 7, 6, 9, 5, 7])).toBe(0);
    expect(growthOf([0, 100, 200, 300, 400, 500])).toBe(400);
    expect(growthOf([1, 2])).toBeNaN();
  });
});
