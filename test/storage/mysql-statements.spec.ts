/** Lists in statements of MySQL: of any batch nothing is left out, and few lengths of lists are prepared. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chunksOf, filledUp } from '../../src/storage/sql/mysql.statements.js';

const BATCH = fc.integer({ min: 0, max: 300 }).map((length) => Array.from({ length }, (_, n) => n));

describe('a batch', () => {
  it('is cut into slices that are it together, of fifteen lengths in all', () => {
    const lengths = new Set<number>();
    fc.assert(
      fc.property(BATCH, (batch) => {
        const chunks = chunksOf(batch);
        expect(chunks.flat()).toEqual(batch);
        for (const { length } of chunks) lengths.add(length);
      }),
      { numRuns: 1_000 },
    );
    expect(lengths.size).toBeLessThanOrEqual(15);
  });

  it.each([
    [1, 1],
    [37, 2],
    [64, 1],
    [100, 3],
    [256, 4],
  ])('of %i takes %i inserts', (length, inserts) => {
    expect(chunksOf(Array.from({ length }, () => 0))).toHaveLength(inserts);
  });

  it('whose bodies are long is cut until each statement is small enough', () => {
    const bodies = Array.from({ length: 40 }, () => 60_000);
    const chunks = chunksOf(bodies, (characters) => characters);
    expect(chunks.flat()).toEqual(bodies);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(2);
  });
});

it('what a condition lists is filled up with its last item, and asks for the same', () => {
  fc.assert(
    fc.property(BATCH, (batch) => {
      const filled = filledUp(batch);
      expect(filled.length % 8).toBe(0);
      expect(filled.length - batch.length).toBeLessThan(8);
      expect([...new Set(filled)]).toEqual(batch);
    }),
  );
});
