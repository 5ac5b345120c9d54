/** What `whenListenersDone` waits for, with two applications on one database. */
import { expect, it } from 'vitest';

import { whenListenersDone } from '../../src/testing/index.js';
import { push } from '../bullmq/bull-host.js';
import { recorder } from '../bullmq/recorder.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

it('waits for what its application has taken, and not for what another one has, nor for what is behind that', async () => {
  const database = await scratchDatabase();
  const releases: (() => void)[] = [];
  const slow = recorder('orders', () => new Promise<void>((resolve) => releases.push(resolve)));
  const quick = recorder('orders');
  const [one, other] = [
    await scratchHost({ database, module: { providers: [slow.listener] } }),
    await scratchHost({ database, module: { providers: [quick.listener] } }),
  ];
  await push(one, 'held', 1);
  await expect.poll(() => slow.sequencesOf('held')).toEqual(['1']);
  await push(other, 'held', 2);
  await push(other, 'free', 1);
  await whenListenersDone(other.app);
  expect(quick.sequencesOf('free')).toEqual(['1']);
  expect(quick.sequencesOf('held')).toEqual([]);

  // Its own application waits: until the listener has ended, and its outcome is recorded.
  let isDone = false;
  const done = whenListenersDone(one.app).then(() => (isDone = true));
  await whenListenersDone(other.app);
  expect(isDone).toBe(false);
  const releasing = setInterval(() => releases.splice(0).forEach((release) => release()), 10);
  await done;
  await whenListenersDone(other.app);
  clearInterval(releasing);
  expect([...slow.sequencesOf('held'), ...quick.sequencesOf('held')]).toEqual(['1', '2']);
});
