/** The pauses between the attempts of a listener. */
import { describe, expect, it } from 'vitest';

import {
  backoffAfter,
  resolveListenerOptions,
} from '../../src/delivery/listeners/listener.options.js';

const pauses = (backoffMs: number, maxBackoffMs: number, attempts: number[]) =>
  attempts.map((attempt) => backoffAfter(attempt, { backoffMs, maxBackoffMs }, () => 0.5));

describe('the pause after a failed attempt', () => {
  it('grows fivefold up to its bound and stays there, however many attempts follow', () => {
    expect(pauses(2_000, 600_000, [1, 2, 3, 4, 5, 100])).toEqual([
      2_000, 10_000, 50_000, 250_000, 600_000, 600_000,
    ]);
    expect(pauses(1_000, 15_000, [1, 2, 3, 1e6])).toEqual([1_000, 5_000, 15_000, 15_000]);
    expect(pauses(1, 3_600_000, [13, 1e6])).toEqual([3_600_000, 3_600_000]);
    expect(pauses(0, 15_000, [1, 1e6])).toEqual([0, 0]);
  });

  it('lets the default attempts outlast two hours, also where each is at its shortest', () => {
    const options = resolveListenerOptions('a listener', {});
    const all = Array.from({ length: options.attempts - 1 }, (_, index) =>
      backoffAfter(index + 1, options, () => 0),
    );
    expect(all.reduce((sum, pause) => sum + pause)).toBeGreaterThan(2 * 3_600_000);
  });

  it('is spread by a fifth', () => {
    const options = { backoffMs: 1_000, maxBackoffMs: 1_000 };
    expect(backoffAfter(1, options, () => 0)).toBe(800);
    expect(backoffAfter(1, options, () => 1)).toBe(1_200);
  });
});

describe('the settings of a listener', () => {
  it('may leave attempts without end, and nothing else', () => {
    expect(resolveListenerOptions('A.b', { attempts: Infinity })).toMatchObject({
      attempts: Infinity,
      maxBackoffMs: 600_000,
    });
    expect(() => resolveListenerOptions('A.b', { attempts: 101 })).toThrow(
      '@OnLiveEvent on A.b: attempts must be an integer from 1 to 100, or Infinity.',
    );
    expect(() => resolveListenerOptions('A.b', { maxBackoffMs: Infinity })).toThrow(
      'maxBackoffMs must be an integer from 0 to 3600000.',
    );
  });
});
