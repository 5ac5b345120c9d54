import { expect, it, onTestFinished, vi } from 'vitest';

import { SharedAnswer } from '../../src/common/shared.answer.js';

const FRESH_MS = 10_000;

function passing(): (milliseconds: number) => void {
  let passed = 0;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => passed);
  onTestFinished(() => spy.mockRestore());
  return (milliseconds) => void (passed += milliseconds);
}

it('whoever asks within a while gets the answer of whoever asked first', async () => {
  const pass = passing();
  const ask = vi.fn<() => Promise<number>>().mockResolvedValueOnce(1).mockResolvedValueOnce(2);
  const shared = new SharedAnswer(ask);
  expect(await Promise.all([shared.get(FRESH_MS), shared.get(FRESH_MS)])).toEqual([1, 1]);
  pass(FRESH_MS);
  expect(await shared.get(FRESH_MS)).toBe(1);
  pass(1);
  expect(await shared.get(FRESH_MS)).toBe(2);
  expect(ask).toHaveBeenCalledTimes(2);
});

it('an error goes to those who wait for it, and the next one asks again', async () => {
  passing();
  const ask = vi.fn<() => Promise<number>>();
  ask.mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(2);
  const shared = new SharedAnswer(ask);
  const waiting = await Promise.allSettled([shared.get(FRESH_MS), shared.get(FRESH_MS)]);
  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.get(FRESH_MS)).toBe(2);
});
