import { Injectable } from '@nestjs/common';

import { ListenerHoldStore, type HeldListener } from '../storage/listener-hold.store.js';
import { HandOver } from './hand-over.js';

/** Told of the listeners that are held up, whenever the table was asked. */
export type HeldObserver = (held: readonly HeldListener[]) => Promise<void>;

/**
 * Keeps from listeners what is not to run now. The table says which are held up, and every poll asks it, so
 * that all nodes obey within a second or two, also those that start later.
 */
@Injectable()
export class ListenerGate {
  private found = new Map<string, HeldListener>();
  private reading: Promise<void> = Promise.resolve();
  private observer: HeldObserver | undefined;
  /** Whether the table was ever asked; until then nothing is taken. */
  isKnown = false;

  constructor(
    private readonly store: ListenerHoldStore,
    private readonly handOver: HandOver,
  ) {}

  /** The listeners that are held up, by id. */
  get held(): ReadonlyMap<string, HeldListener> {
    return this.found;
  }

  observe(observer: HeldObserver): void {
    this.observer = observer;
  }

  /**
   * Asks the table. One at a time: an earlier answer must not come after a later one.
   *
   * @throws the database's error
   */
  read(): Promise<void> {
    const reading = this.reading.then(() => this.ask());
    this.reading = reading.catch(() => {}); // who asked is told
    return reading;
  }

  private async ask(): Promise<void> {
    const held = await this.store.held();
    const found = new Map(held.map((one) => [one.row.listener, one]));
    if (!isSame(found, this.found)) await this.handOver.hold(new Set(found.keys()));
    this.found = found;
    this.isKnown = true;
    await this.observer?.(held);
  }
}

function isSame(now: ReadonlyMap<string, unknown>, before: ReadonlyMap<string, unknown>): boolean {
  return now.size === before.size && [...now.keys()].every((listener) => before.has(listener));
}
