import type { INestApplicationContext } from '@nestjs/common';

import { DeliveryDispatcher } from '../delivery/delivery.dispatcher.js';
import { DeliveryPoller } from '../delivery/delivery.poller.js';
import { HandOver } from '../delivery/hand-over.js';
import { OrderingKeyTaker } from '../delivery/ordering-key.taker.js';
import { CallbackStore } from '../storage/callback.store.js';

/**
 * Waits until every callback that was answered, replayed or requeued has been through all listeners
 * of the application and their outcomes are recorded, in all registrations of the module. Does not
 * wait for later attempts of what has failed, for what another application on the same database has
 * taken, in this process or elsewhere, for what is behind either in its stream, nor for jobs of BullMQ
 * that are still in the queue.
 */
export async function whenListenersDone(app: INestApplicationContext): Promise<void> {
  const each = { strict: false, each: true } as const;
  const stores = app.get(CallbackStore, each);
  const pollers = app.get(DeliveryPoller, each);
  const handOvers = app.get(HandOver, each);
  const takers = app.get(OrderingKeyTaker, each);
  const dispatchers = app.get(DeliveryDispatcher, each);
  let taken: number;
  do {
    for (const store of stores) await store.drained();
    for (const poller of pollers) await poller.polled();
    for (const handOver of handOvers) await handOver.drained();
    for (const dispatcher of dispatchers) await dispatcher.idle();
    taken = 0;
    // What had to wait in the table, behind what was requeued or what another registration had, is for a poll.
    for (const poller of pollers) taken += await poller.pollNow();
  } while (taken > 0 || ![...takers, ...handOvers, ...dispatchers].every((it) => it.isIdle));
}
