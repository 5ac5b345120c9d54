import { KEY_CAPACITY } from '../storage/claim-bounds.js';
import { RetryPauses } from './retry.pauses.js';

/** What the owner of an {@link OrderingKeyQueue} does for it. */
export interface QueueOwner<T> {
  /** Whether nothing is to run but the probe of a circuit breaker, which is pushed all the same. */
  isHeld(): boolean;
  /** Whether a task that is run waits until another such one has ended. */
  waitsForItsLike(task: T): boolean;
  /** Must not reject. @returns the pause before the next try, real milliseconds; null when there is none */
  run(task: T): Promise<number | null>;
  /** Tasks that wait behind one that is tried again later, or that is given back with them. */
  giveBack(tasks: readonly T[]): void;
  /** A key has run empty. @param hasMore whether some of it was given back, or never taken */
  emptied(key: string, hasMore: boolean): void;
}

/** The tasks of one ordering key; the first one runs, or waits to. */
interface Key<T> {
  tasks: T[];
  /** The first one has failed. What comes behind it stays in the table. */
  isBlocked: boolean;
  /** Some of it is in the table, earlier than what is stored from now on: nothing new is taken before that. */
  hasMore: boolean;
}

/**
 * Runs the work of one listener: the tasks of an ordering key one after the other, in the order in which
 * they came, and different keys side by side up to a bound. A task that must be tried again holds up its
 * key, but nobody else: those behind it are given back, and take no place.
 */
export class OrderingKeyQueue<T> {
  private readonly keys = new Map<string, Key<T>>();
  private readonly ready: string[] = [];
  private readonly pauses = new RetryPauses();
  private readonly active = new Set<T>();
  /** Of those that wait for their like the one that has a place. */
  private alone: T | undefined;
  private isStopped = false;

  constructor(
    private readonly owner: QueueOwner<T>,
    private readonly concurrency: number,
  ) {}

  /** Tasks that wait for their next try, which take no place. */
  get blocked(): number {
    return this.pauses.count;
  }

  /** Whether a task that is to be tried again later is given back as well. */
  get isFull(): boolean {
    return this.isStopped || this.owner.isHeld() || this.pauses.isFull;
  }

  /** Whether a task that comes now may follow those of its key at once. */
  takes(key: string): boolean {
    const known = this.keys.get(key);
    if (!known) return true;
    return !known.isBlocked && !known.hasMore && known.tasks.length < KEY_CAPACITY;
  }

  push(key: string, task: T): void {
    const known = this.keys.get(key);
    if (known && known.tasks.length > 0) return void known.tasks.push(task);
    this.keys.set(key, { tasks: [task], isBlocked: false, hasMore: false });
    this.ready.push(key);
    this.pump();
  }

  /**
   * More of a key waits in the table: what is stored now must wait there too.
   *
   * @returns whether anything of the key is here, behind which it waits
   */
  expectMore(key: string): boolean {
    const known = this.keys.get(key);
    if (known) known.hasMore = true;
    return known !== undefined && known.tasks.length > 0;
  }

  /** Gives back what waits behind the first task of a key. */
  giveBackFollowers(key: string): void {
    const known = this.keys.get(key);
    if (known) this.giveBack(known, 1);
  }

  /** Gives back what does not run. */
  clear(): void {
    this.ready.length = 0;
    this.pauses.clear();
    for (const [name, key] of this.keys) {
      const runs = this.active.has(key.tasks[0] as T);
      this.giveBack(key, runs ? 1 : 0);
      if (!runs) this.empty(name, key);
    }
  }

  /** The table was asked for the rest of a key that has run empty. */
  forget(key: string): void {
    if (this.keys.get(key)?.tasks.length === 0) this.keys.delete(key);
  }

  /** Whether nothing runs and nothing could: what is left waits for a later attempt. */
  get isIdle(): boolean {
    return this.active.size === 0 && (this.isStopped || this.ready.length === 0);
  }

  /** Starts nothing more; a task that fails meanwhile is given back. @returns the tasks that do not run */
  stop(): T[] {
    this.isStopped = true;
    this.pauses.clear();
    return [...this.keys.values()].flatMap(({ tasks }) =>
      tasks.splice(this.active.has(tasks[0] as T) ? 1 : 0),
    );
  }

  private pump(): void {
    while (!this.isStopped && this.active.size < this.concurrency) {
      const next = this.ready.findIndex((name) => this.mayTakePlace(name));
      if (next < 0) return;
      void this.runNext(this.ready.splice(next, 1)[0] as string);
    }
  }

  /** Tasks that wait for one another would otherwise take all places, and nothing else would run. */
  private mayTakePlace(name: string): boolean {
    return (
      this.alone === undefined || !this.owner.waitsForItsLike(this.keys.get(name)!.tasks[0] as T)
    );
  }

  private async runNext(name: string): Promise<void> {
    const key = this.keys.get(name) as Key<T>;
    const task = key.tasks[0] as T;
    this.active.add(task);
    if (this.owner.waitsForItsLike(task)) this.alone = task;
    const pause = await this.owner.run(task);
    this.active.delete(task);
    if (this.alone === task) this.alone = undefined;
    if (pause === null) this.goOn(name, key);
    else this.block(name, key, pause);
    this.pump();
  }

  private goOn(name: string, key: Key<T>): void {
    key.tasks.shift();
    key.isBlocked = false;
    // To the back of the line after each task, so that a busy key does not starve the others.
    if (key.tasks.length > 0) this.ready.push(name);
    else this.empty(name, key);
  }

  private block(name: string, key: Key<T>, pause: number): void {
    if (this.isStopped) return this.owner.giveBack(key.tasks.splice(0, 1));
    key.isBlocked = true;
    const { isFull } = this;
    this.giveBack(key, isFull ? 0 : 1);
    if (isFull) return this.empty(name, key);
    this.pauses.begin(name, pause, () => {
      this.ready.push(name);
      this.pump();
    });
  }

  private giveBack(key: Key<T>, from: number): void {
    const left = key.tasks.splice(from);
    if (left.length === 0) return;
    key.hasMore = true;
    this.owner.giveBack(left);
  }

  private empty(name: string, key: Key<T>): void {
    // Kept while more waits, so that `takes` says no until the table was asked (`forget`).
    if (!key.hasMore) this.keys.delete(name);
    this.owner.emptied(name, key.hasMore);
  }
}
