import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { SerialQueue } from '../common/serial.queue.js';
import { keyOf, type OrderingKey } from '../storage/delivery.lease.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import type { DispatchObserver } from './dispatch.observer.js';
import { HandOver } from './hand-over.js';

/** Ordering keys that one claim names. */
const KEYS = 50;
/** How often two processes that are in each other's way try again. */
const TRIES = 5;
/** The longest pause before each of these tries, ms. */
const PAUSE_MS = 50;

/** Ordering keys, as {@link keyOf} says them. */
interface Taken {
  /** Of which something was taken over. */
  readonly taken: ReadonlySet<string>;
  /** Which are to be asked for again. */
  readonly contested: ReadonlySet<string>;
}

/**
 * Takes over what waits in the table of single ordering keys: of one that has run empty here and had more
 * than was taken, and of those that a queue of jobs names.
 */
@Injectable()
export class OrderingKeyTaker implements DispatchObserver {
  private readonly asked = new Map<string, OrderingKey>();
  private readonly rounds = new SerialQueue();
  /** The next one, which what is asked for meanwhile joins. */
  private round: Promise<Taken> | undefined;
  private taking = 0;
  private isStopped = true;

  constructor(
    private readonly dispatcher: DeliveryDispatcher,
    private readonly handOver: HandOver,
  ) {
    dispatcher.observe(this);
  }

  /** To be called where this process runs listeners. */
  start(): void {
    this.isStopped = false;
  }

  /** Takes nothing over any more. */
  stop(): void {
    this.isStopped = true;
  }

  /** Whether no key is being taken over. */
  get isIdle(): boolean {
    return this.taking === 0;
  }

  /** Sees to what was opened in the table just now. */
  wake(keys: readonly OrderingKey[]): void {
    for (const key of keys) {
      // A database that is away is for the poll to tell of, which takes over then.
      if (!this.isStopped && !this.dispatcher.expectMore(key)) this.take(key).catch(() => {});
    }
  }

  emptied(key: OrderingKey, hasMore: boolean): void {
    // A database that is away is for the poll to tell of, which takes over then.
    if (hasMore) this.take(key).catch(() => {});
  }

  /**
   * Takes over what is due of a key, and what has not been tried yet before its grace is over, unless another process
   * holds the key.
   *
   * @returns whether something was taken over
   * @throws the database's error
   */
  async take(key: OrderingKey): Promise<boolean> {
    const name = keyOf(key);
    this.taking++;
    try {
      for (let tries = 0; tries < TRIES && !this.isStopped; tries++) {
        // Two processes that were in each other's way have both stepped back.
        if (tries > 0) await sleep(Math.random() * PAUSE_MS * tries);
        if (this.dispatcher.roomOf(key.listener) === 0) {
          // The table keeps what has no room here, once all of it is there.
          await this.handOver.drained();
          break;
        }
        this.asked.set(name, key);
        this.round ??= this.rounds.run(() => this.takeAsked());
        const { taken, contested } = await this.round;
        if (!contested.has(name)) return taken.has(name);
      }
      return false;
    } finally {
      this.taking--;
      this.dispatcher.forget(key);
    }
  }

  /** Many keys share one claim. */
  private async takeAsked(): Promise<Taken> {
    const keys = [...this.asked.values()];
    this.asked.clear();
    this.round = undefined;
    const taken = new Set<string>();
    const contested = new Set<string>();
    for (let start = 0; start < keys.length && !this.isStopped; start += KEYS) {
      const chunk = keys.slice(start, start + KEYS);
      const claim = await this.handOver.claim({ keys: chunk });
      for (const key of claim.contested) contested.add(keyOf(key));
      for (const { delivery } of claim.claimed) taken.add(keyOf(delivery));
      // What is held here already may not have been all that was there.
      for (const key of chunk) if (!taken.has(keyOf(key))) this.dispatcher.expectMore(key);
    }
    return { taken, contested };
  }
}
