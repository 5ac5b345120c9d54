import type { FaultEffect } from './api.fault.js';

/** Effects that leave the envelope whole and spoil what is in it: the answer looks like any other. */
export type SpoilingEffect = Extract<
  FaultEffect,
  { lessRows: number } | { moved: number } | { without: string }
>;

export function isSpoiling(effect: FaultEffect): effect is SpoilingEffect {
  return 'lessRows' in effect || 'moved' in effect || 'without' in effect;
}

/** A result with fewer rows than its counters say, or without a field wherever it stands. */
export function spoiledResult(
  result: Record<string, unknown>,
  effect: SpoilingEffect,
): Record<string, unknown> {
  if ('moved' in effect) return result;
  if ('without' in effect) return without(result, effect.without) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.slice(0, Math.max(value.length - effect.lessRows, 0)) : value,
    ]),
  );
}

function without(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((one) => without(one, field));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== field)
      .map(([name, one]) => [name, without(one, field)]),
  );
}
