/**
 * The scale of time: leases and pauses that take seconds pass faster where a test says so, in the process
 * and in the database.
 */
import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import { TIME_SCALE, TimeScale } from '../../src/common/time-scale.js';
import { OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, startHost } from '../support/application.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const FACTOR = 20;
/** By the clock of the database, ms. */
const PAUSE_MS = 20_000;

describe.each(FEATURE_DATABASES)('with $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('a pause of 20 s ends after one, also in the next process', async () => {
    const attempts: number[] = [];

    @Injectable()
    class Failing {
      @OnLiveEvent('stream-push', { attempts: 3, backoffMs: PAUSE_MS, maxBackoffMs: PAUSE_MS })
      onPush({ attempt }: LiveEvent): void {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
      }
    }

    const database = await scratchDatabase(create);
    const options = { [TIME_SCALE]: new TimeScale(FACTOR) };
    const start = { database, options, module: { providers: [Failing] } };
    const first = await startHost(start);
    expect((await first.send(signCallback(streamPushCallback(), { key: KEY }))).status).toBe(200);
    await expect.poll(() => attempts, { timeout: 5_000 }).toEqual([1, 2]);
    await whenListenersDone(first.app);
    await first.close();

    await scratchHost(start);
    await expect.poll(() => attempts, { timeout: 10_000 }).toEqual([1, 2, 3]);
  });
});
