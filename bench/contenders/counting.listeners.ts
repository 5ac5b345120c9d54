import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, type Provider } from '@nestjs/common';

import { OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { counted, type ServerSettings } from './child.js';

/**
 * Enough for sleepers to keep up whatever the intake is: what is asked is whether listeners that wait
 * slow the intake down, not how many can wait.
 */
const SLEEPERS = 1_000;

/** One provider with as many durable listeners as are asked for. */
export function countingListeners({ listeners, sleepMs }: ServerSettings): Provider[] {
  if (listeners === 0) return [];

  @Injectable()
  class CountingListeners {
    async onEvent({ id }: LiveEvent): Promise<void> {
      if (sleepMs > 0) await sleep(sleepMs);
      if (id) counted.handled++;
    }
  }

  const { prototype } = CountingListeners;
  const descriptor = Object.getOwnPropertyDescriptor(
    prototype,
    'onEvent',
  ) as TypedPropertyDescriptor<CountingListeners['onEvent']>;
  for (let n = 1; n <= listeners; n++) {
    const options = { id: `listener-${n}`, ...(sleepMs > 0 ? { concurrency: SLEEPERS } : {}) };
    OnLiveEvent('*', options)(prototype, 'onEvent', descriptor);
  }
  return [CountingListeners];
}
