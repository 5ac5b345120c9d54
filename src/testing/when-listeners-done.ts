import type { INestApplicationContext } from '@nestjs/common';

import { LiveEventDispatcher } from '../bus/index.js';
import { CallbackStore } from '../audit/index.js';

/**
 * Waits until every callback that was answered has been through all listeners of the application
 * and their outcomes are recorded, in all registrations of the module.
 */
export async function whenListenersDone(app: INestApplicationContext): Promise<void> {
  const each = { strict: false, each: true } as const;
  for (const store of app.get(CallbackStore, each)) await store.drained();
  for (const dispatcher of app.get(LiveEventDispatcher, each)) await dispatcher.idle();
}
