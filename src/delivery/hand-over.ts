import { setImmediate as nextTurn } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import { SerialQueue } from '../common/serial.queue.js';
import type { LiveEvent } from '../events/live-event.js';
import {
  deliveryOf,
  keyOf,
  type Claim,
  type ClaimedDelivery,
  type CountedLease,
  type LeasedDelivery,
} from '../storage/delivery.lease.js';
import { DeliveryClaimer } from '../storage/delivery.claimer.js';
import { DeliveryStore } from '../storage/delivery.store.js';
import type { DueFilter } from '../storage/sql/due-deliveries.query.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import type { DispatchObserver } from './dispatch.observer.js';
import type { HeldDelivery } from './held-delivery.js';
import { LeaseKeeper } from './lease.keeper.js';

/**
 * The one sequence in which deliveries reach the dispatcher, and in which they go back to the table, whoever
 * brings them: what was stored here, what a poll or a job takes over, what has no place. Otherwise a later
 * event of a stream, stored while an earlier one is being taken over, would reach its listener first.
 */
@Injectable()
export class HandOver implements DispatchObserver {
  private readonly logger = new Logger('LiveCallback');
  private readonly steps = new SerialQueue();
  private stored: ClaimedDelivery[] = [];
  private returned: CountedLease[] = [];
  private isAsked = false;

  constructor(
    private readonly store: DeliveryStore,
    private readonly claimer: DeliveryClaimer,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly leases: LeaseKeeper,
  ) {
    dispatcher.observe(this);
  }

  /** Hands on what was stored and leased here, in the order in which it comes. */
  add(event: LiveEvent, leased: readonly LeasedDelivery[]): void {
    for (const delivery of leased) this.stored.push({ event, delivery });
    if (leased.length > 0) this.askForStep();
  }

  /**
   * Takes over what is due and nobody holds, as far as there is room, and hands it on.
   *
   * @param room of a listener that is held up. Default: that of each
   * @throws the database's error
   */
  claim(among: DueFilter, room?: number): Promise<Claim> {
    return this.steps.run(async () => {
      if (!this.isIdle) await this.flush();
      return this.claimer.claim(among, {
        roomOf: (listener) => room ?? this.dispatcher.roomOf(listener),
        holds: (lease) => this.leases.holds(lease),
        countsAhead: (listener) => this.dispatcher.countsAhead(listener),
        handOn: async (part, cut) => {
          for (const { event, delivery } of part) this.dispatcher.dispatch(event, delivery);
          for (const { delivery } of part) {
            if (cut.has(keyOf(delivery))) this.dispatcher.expectMore(delivery);
          }
          // What was stored meanwhile, and waits behind what was found, must hear of that.
          await this.flush();
        },
      });
    });
  }

  /** These listeners get nothing from now on. Not while something is taken over for them. */
  hold(listeners: ReadonlySet<string>): Promise<void> {
    return this.steps.run(async () => this.dispatcher.hold(listeners));
  }

  /** Deliveries that do not run go back to the table: not begun, or to be tried again. */
  givenBack(deliveries: readonly HeldDelivery[]): void {
    for (const { lease } of deliveries) this.returned.push(lease);
    this.askForStep();
  }

  /** Resolves when all that came before is handed on. */
  async drained(): Promise<void> {
    await this.steps.run(() => this.flush());
  }

  /** Whether nothing waits to be handed on. */
  get isIdle(): boolean {
    return this.stored.length === 0 && this.returned.length === 0 && !this.isAsked;
  }

  private askForStep(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    void this.steps.run(() => this.flush());
  }

  private async flush(): Promise<void> {
    // The answers leave before a listener can hold up the event loop, and what comes meanwhile joins in.
    await nextTurn();
    this.isAsked = false;
    const returned = this.returned.splice(0);
    const stored = this.stored.splice(0);
    try {
      await this.store.release(returned);
      const contested = await this.store.contested(stored.map(({ delivery }) => delivery));
      const lost = new Set(contested.map(deliveryOf));
      const refused = stored.filter(
        ({ event, delivery }) => lost.has(deliveryOf(delivery)) || !this.dispatch(event, delivery),
      );
      await this.store.release(refused.map(({ delivery }) => delivery));
    } catch (error) {
      // They are in the table: a poll finds them when their lease has run out.
      this.logger.error(`Deliveries wait for a poll: ${errorText(error)}`);
    }
  }

  /** @returns false when it must wait in the table behind others of its key */
  private dispatch(event: LiveEvent, delivery: LeasedDelivery): boolean {
    if (!this.dispatcher.accepts(delivery)) {
      this.dispatcher.expectMore(delivery);
      return false;
    }
    this.dispatcher.dispatch(event, delivery);
    return true;
  }
}
