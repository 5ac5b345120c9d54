import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import {
  DeliveryLedger,
  type DeliveryLane,
  type DeliveryStanding,
  type HoldsLease,
} from './delivery.ledger.js';
import { ListenerRegistry } from './listener.registry.js';
import {
  LiveEventDispatcher,
  type AttemptResult,
  type DispatchObserver,
  type HeldDelivery,
} from './live-event.dispatcher.js';

/** Lanes that one claim names. */
const LANES = 50;
/** Deliveries that one claim takes. */
const BATCH = 500;
/** How often two processes that are in each other's way try again. */
const TRIES = 5;
/** The longest pause before each of these tries, ms. */
const PAUSE_MS = 50;

/**
 * What became of a delivery that was asked for: the result of its attempt; `behind` when an earlier one
 * of its lane failed and holds it up; `shared` when it runs here and somebody else waits for the lane
 * already; `lost` when it was given back before it ran; `elsewhere` when it is not held here.
 */
export type LaneResult =
  | AttemptResult
  | { readonly state: 'behind' | 'shared' | 'lost' | 'elsewhere'; readonly error: null };

/** Somebody who waits for one delivery of a lane. */
interface Waiter {
  readonly callbackId: string;
  readonly ended: Promise<LaneResult>;
  end(result: LaneResult): void;
}

/**
 * Runs the lanes that an engine names. A lane (the deliveries of one listener with one stream key) is
 * taken over as a whole, so that its order is that of the table whatever order the engine has.
 *
 * Whoever holds a lane looks again when it has run empty. So a process that finds it held may leave
 * its deliveries to the other.
 */
@Injectable()
export class LaneRunner implements DispatchObserver {
  private readonly asked = new Map<string, DeliveryLane>();
  private round: Promise<ReadonlySet<string>> | undefined;
  private readonly waiters = new Map<string, Waiter>();
  private readonly held = new Map<string, number>();
  private isStopped = true;

  constructor(
    private readonly ledger: DeliveryLedger,
    private readonly dispatcher: LiveEventDispatcher,
    private readonly registry: ListenerRegistry,
  ) {}

  start(): void {
    this.isStopped = false;
    this.dispatcher.observe(this);
  }

  /** Takes nothing over any more. */
  stop(): void {
    this.isStopped = true;
  }

  /** Whether this process has a listener. */
  hasListener(id: string): boolean {
    return this.registry.get(id) !== undefined;
  }

  /** Where a delivery stands in the table; null when there is none. */
  standingOf(callbackId: string, listener: string): Promise<DeliveryStanding | null> {
    return this.ledger.standingOf(callbackId, listener);
  }

  /**
   * Takes a lane over and waits until one of its deliveries was attempted. One caller at a time waits
   * for a lane: many could otherwise wait for a slow one, and leave no place for the others.
   *
   * @throws the database's error
   */
  async run(lane: DeliveryLane, callbackId: string): Promise<LaneResult> {
    const key = keyOf(lane);
    const waiter = this.waiters.has(key) ? undefined : newWaiter(callbackId);
    if (waiter) this.waiters.set(key, waiter);
    try {
      await this.take(lane);
      const isHeld = this.dispatcher.holds({ callbackId, listener: lane.listener });
      if (!waiter) return { state: isHeld ? 'shared' : 'elsewhere', error: null };
      if (!isHeld) waiter.end({ state: 'elsewhere', error: null });
      return await waiter.ended;
    } finally {
      if (waiter) this.waiters.delete(key);
    }
  }

  /** A delivery is held here from now on. */
  taken({ lane }: HeldDelivery): void {
    const key = keyOf(lane);
    this.held.set(key, (this.held.get(key) ?? 0) + 1);
  }

  attempted({ lane, callbackId }: HeldDelivery, result: AttemptResult): void {
    const waiter = this.waiters.get(keyOf(lane));
    if (waiter?.callbackId === callbackId) waiter.end(result);
    else if (result.state === 'pending') waiter?.end({ state: 'behind', error: null });
  }

  dropped({ lane, callbackId }: HeldDelivery): void {
    const key = keyOf(lane);
    const waiter = this.waiters.get(key);
    if (waiter?.callbackId === callbackId) waiter.end({ state: 'lost', error: null });
    const left = (this.held.get(key) ?? 1) - 1;
    if (left > 0) {
      this.held.set(key, left);
      return;
    }
    this.held.delete(key);
    // Nobody else comes into the lane of a delivery without order.
    if (lane.streamKey === callbackId) return;
    // A database that is away is the sweep's to tell of, which takes over then.
    this.take(lane).catch(() => {});
  }

  /** Takes over what is due of a lane, unless another process holds it. */
  private async take(lane: DeliveryLane): Promise<void> {
    const key = keyOf(lane);
    for (let tries = 0; tries < TRIES && !this.isStopped; tries++) {
      // Two processes that were in each other's way have both stepped back.
      if (tries > 0) await sleep(Math.random() * PAUSE_MS * tries);
      // The table keeps what has no room here.
      if (this.dispatcher.roomOf(lane.listener) === 0) return;
      this.asked.set(key, lane);
      this.round ??= this.dispatcher.inOrder(() => this.takeAsked());
      if (!(await this.round).has(key)) return;
    }
  }

  /** Many lanes share one claim. @returns keys of those to be asked for again */
  private async takeAsked(): Promise<ReadonlySet<string>> {
    const lanes = [...this.asked.values()];
    this.asked.clear();
    this.round = undefined;
    const open = new Set<string>();
    for (let start = 0; start < lanes.length && !this.isStopped; start += LANES) {
      const chunk = lanes.slice(start, start + LANES);
      const isHeld: HoldsLease = (lease) => this.dispatcher.holdsLease(lease);
      const { claimed, contested } = await this.ledger.claimLanes(chunk, BATCH, isHeld);
      for (const { event, delivery } of claimed) this.dispatcher.dispatch(event, [delivery]);
      for (const lane of contested) open.add(keyOf(lane));
    }
    return open;
  }
}

function keyOf({ listener, streamKey }: DeliveryLane): string {
  return `${listener} ${streamKey}`;
}

function newWaiter(callbackId: string): Waiter {
  let end!: Waiter['end'];
  const ended = new Promise<LaneResult>((resolve) => (end = resolve));
  return { callbackId, ended, end };
}
