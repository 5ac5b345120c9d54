/** Work that may take a time and no longer. */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { withTimeout } from '../../src/common/with-timeout.js';

const late = () => new Error('too late');

describe('work with a timeout', () => {
  it('resolves as it does when it is in time', async () => {
    expect(await withTimeout(sleep(1, 'done'), 10_000, late)).toBe('done');
  });

  it('rejects as it does when it is in time', async () => {
    const work = Promise.reject(new Error('refused'));
    await expect(withTimeout(work, 10_000, late)).rejects.toThrow('refused');
  });

  it('rejects with the error that is made for it when it takes longer', async () => {
    let made = 0;
    const work = withTimeout(new Promise(() => {}), 5, () => new Error(`too late: ${++made}`));
    await expect(work).rejects.toThrow('too late: 1');
  });

  it('may fail after that, and nobody is told', async () => {
    const strays: unknown[] = [];
    const keep = (error: unknown) => void strays.push(error);
    process.on('unhandledRejection', keep);
    const failing = sleep(20).then(() => {
      throw new Error('refused at last');
    });
    await expect(withTimeout(failing, 5, late)).rejects.toThrow('too late');
    await sleep(40);
    process.off('unhandledRejection', keep);
    expect(strays).toEqual([]);
  });

  it('makes no error and leaves no timer when it was in time', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await withTimeout(Promise.resolve(), 60_000, () => expect.unreachable());
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    expect(after).toBeLessThanOrEqual(before);
  });
});
