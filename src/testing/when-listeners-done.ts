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
  for (const store of app.get(CallbackStore, each)) await store.drained();
  for (const sweeper of app.get(DeliverySweeper, each)) await sweeper.swept();
  for (const dispatcher of app.get(LiveEventDispatcher, each)) await dispatcher.idle();
}
