import type { INestApplicationContext } from '@nestjs/common';

import { DeliverySweeper, LiveEventDispatcher } from '../bus/index.js';
import { CallbackStore } from '../audit/index.js';

/**
 * Waits until every callback that was answered, replayed or requeued has been through all listeners
 * of the application and their outcomes are recorded, in all registrations of the module. Does not
 * wait for what other processes run, nor for jobs of BullMQ that are still in the queue.
 */
export async function whenListenersDone(app: INestApplicationContext): Promise<void> {
  const each = { strict: false, each: true } as const;
  const stores = app.get(CallbackStore, each);
  const sweepers = app.get(DeliverySweeper, each);
  const dispatchers = app.get(LiveEventDispatcher, each);
  let taken: number;
  do {
    for (const store of stores) await store.drained();
    for (const sweeper of sweepers) await sweeper.swept();
    for (const dispatcher of dispatchers) await dispatcher.idle();
    taken = 0;
    // Registrations on one database are nodes to each other: what one has left to another is for its next sweep.
    if (sweepers.length > 1) for (const sweeper of sweepers) taken += await sweeper.sweepNow();
  } while (taken > 0);
}
