import { describe, expect, it } from 'vitest';

import { IdSource } from '../../src/common/id.source.js';

const V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const millisecondsOf = (id: string) => parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('The ids of rows', () => {
  it('are UUIDs of version 7 that hold their time', () => {
    const now = Date.UTC(2026, 10, 28, 12, 30, 15, 123);
    const id = new IdSource().next(now);
    expect(id).toMatch(V7);
    expect(millisecondsOf(id)).toBe(now);
  });

  it('sort as they were made, also 100,000 of one millisecond', () => {
    const source = new IdSource();
    const ids = [1_000, 1_001].flatMap((now) =>
      Array.from({ length: 50_000 }, () => source.next(now)),
    );
    expect(ids.every((id) => V7.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('differ between processes that make them in the same millisecond', () => {
    const ids = Array.from({ length: 1_000 }, () => new IdSource().next(1_000));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
