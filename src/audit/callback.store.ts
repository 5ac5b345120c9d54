import { setImmediate as nextTurn } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import {
  DeliveryPlacement,
  errorText,
  LiveEventDispatcher,
  type TakenDelivery,
} from '../bus/index.js';
import { BatchQueue, CALLBACK_BATCHES } from './batch.queue.js';
import { CallbackDatabase } from './callback.database.js';
import { PendingHandOvers } from './pending-hand-overs.js';
import { LEASE_MS, ProcessIdentity } from './process-identity.js';
import { StorageUnavailableError } from './storage.error.js';
import type {
  BatchEntry,
  InsertResult,
  LeasedDelivery,
  NewCallback,
  NewDelivery,
} from './writers/callback.writer.js';

/** What became of a callback: `duplicate` when its content had been stored before. */
export type StoreOutcome = 'stored' | 'duplicate';

/** What there is to hand on of a callback that was stored. */
export interface StoredCallback {
  readonly variant: boolean;
  /** The deliveries that are leased to this process; the others wait for a sweep. */
  readonly deliveries: readonly TakenDelivery[];
}

/** Called once per callback that is new, after its commit, in the order of the commits. */
export type OnStored = (stored: StoredCallback) => void;

/** A callback that waits for its commit. */
interface Entry {
  readonly callback: NewCallback;
  readonly onStored: OnStored;
}

/** A callback that is committed and new. */
interface Stored extends Entry {
  readonly result: InsertResult;
}

const NONE: ReadonlySet<NewDelivery> = new Set();
/** Fence of the lease that the insert takes. */
const FIRST_FENCE = 1;

/** Makes callbacks durable, once each. */
@Injectable()
export class CallbackStore {
  private readonly logger = new Logger('LiveCallback');
  private readonly queue = new BatchQueue<Entry, StoreOutcome>(
    (entries) => this.write(entries),
    CALLBACK_BATCHES,
    (error) => this.isRowFault(error),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly process: ProcessIdentity,
    private readonly handOvers: PendingHandOvers,
    private readonly dispatcher: LiveEventDispatcher,
    private readonly placement: DeliveryPlacement,
  ) {}

  /**
   * Resolves when the callback is committed. May be stored even when this rejects: the sender's
   * retry is then a duplicate.
   *
   * @throws StorageUnavailableError when it is not known to be durable in time
   */
  async put(callback: NewCallback, onStored: OnStored): Promise<StoreOutcome> {
    try {
      return await this.queue.add({ callback, onStored }, callback.body.length);
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error;
      this.logger.error(`A callback could not be stored: ${errorText(error)}`);
      throw new StorageUnavailableError('storage-failed', { cause: error });
    }
  }

  /** Resolves when no callback waits for its commit, and all that were stored are handed on. */
  async drained(): Promise<void> {
    await this.queue.drained();
    await this.dispatcher.inOrder(() => Promise.resolve());
  }

  private async write(entries: readonly Entry[]): Promise<StoreOutcome[]> {
    const batch = distinct(entries);
    const owner = this.process.id;
    const results = await this.insert(batch, owner);
    // Of several copies in one batch the first is the event, the others its redeliveries.
    const news = new Map<NewCallback, InsertResult>();
    for (const [index, { callback }] of batch.entries()) {
      const result = results[index] as InsertResult;
      if (result.isNew) news.set(callback, result);
    }
    const stored = entries.flatMap(({ callback, onStored }) => {
      const result = news.get(callback);
      return result ? [{ callback, onStored, result }] : [];
    });
    if (stored.length > 0) this.handOnInOrder(stored, owner);
    this.wakeEngine(stored);
    return entries.map(({ callback }) => (news.has(callback) ? 'stored' : 'duplicate'));
  }

  private async insert(
    batch: readonly BatchEntry[],
    owner: string,
  ): Promise<readonly InsertResult[]> {
    try {
      return await this.database.writer.insert(batch, {
        owner,
        milliseconds: LEASE_MS,
        takes: (listener) => this.placement.takes(listener),
        graceMs: this.placement.graceMs,
      });
    } catch (error) {
      if (!this.isRowFault(error)) this.loseTrack();
      throw error;
    }
  }

  /** Behind the answers: whoever sent the callbacks need not wait for it. */
  private handOnInOrder(stored: readonly Stored[], owner: string): void {
    const leased = stored.flatMap(({ result }) => result.leased);
    this.handOvers.add(leased);
    const handedOn = this.dispatcher.inOrder(async () => {
      // The answers leave before a listener can hold up the event loop.
      const [lost] = await Promise.all([this.giveUpContested(leased, owner), nextTurn()]);
      this.handOvers.delete(leased);
      for (const { onStored, result } of stored) {
        const kept = result.leased.filter((it) => !lost.has(it));
        onStored({ variant: result.variant, deliveries: kept.map(toTaken) });
      }
    });
    handedOn.catch((error: unknown) => {
      // They are in the table: a sweep finds them when their lease has run out.
      this.loseTrack();
      this.logger.error(`Stored callbacks could not be handed on: ${errorText(error)}`);
    });
  }

  /** What is not leased here is for whoever comes first. */
  private wakeEngine(stored: readonly Stored[]): void {
    this.placement.wake(
      stored.flatMap(({ callback: { kind, streamName, deliveries }, result: { leased } }) =>
        deliveries
          .filter((it) => !leased.includes(it))
          .map(({ callbackId, listener, streamKey }) => ({
            callbackId,
            listener,
            streamKey,
            kind,
            stream: streamName,
          })),
      ),
    );
  }

  /** @returns the deliveries that another node comes before, or that nobody could ask about */
  private async giveUpContested(
    leased: readonly NewDelivery[],
    owner: string,
  ): Promise<ReadonlySet<NewDelivery>> {
    // Who is alone in a lane has nobody to ask about.
    const inLanes = leased.filter(({ callbackId, streamKey }) => streamKey !== callbackId);
    if (inLanes.length === 0) return NONE;
    try {
      const { writer } = this.database;
      // What track was lost of since then may come before them, and is leased under the same name.
      const isKnown = this.process.id === owner;
      const contested = isKnown ? await writer.contested(inLanes, owner) : inLanes;
      if (contested.length === 0) return NONE;
      const keys = new Set(contested.map(keyOf));
      const lost = inLanes.filter((it) => keys.has(keyOf(it)));
      await writer.release(
        lost.map(({ callbackId, listener, attempts }) => ({
          callbackId,
          listener,
          fence: FIRST_FENCE,
          isUnused: attempts === 1,
        })),
      );
      return new Set(lost);
    } catch (error) {
      this.loseTrack();
      this.logger.error(`New deliveries wait for a sweep: ${errorText(error)}`);
      return new Set(inLanes);
    }
  }

  /** Rows may be leased to this process that it does not know of. */
  private loseTrack(): void {
    this.process.change();
    this.database.dropIdleConnections();
  }

  private isRowFault(error: unknown): boolean {
    return this.database.isOpen && this.database.writer.isRowFault(error);
  }
}

function keyOf({ callbackId, listener }: Pick<LeasedDelivery, 'callbackId' | 'listener'>): string {
  return `${callbackId} ${listener}`;
}

function toTaken({ listener, streamKey, attempts }: NewDelivery): TakenDelivery {
  return {
    listener,
    streamKey,
    fence: FIRST_FENCE,
    attempts,
    isCounted: attempts === 1,
    attemptsBefore: 0,
    isSuspect: false,
  };
}

/** An entry per content: a statement can meet each unique key once only. */
function distinct(entries: readonly Entry[]): BatchEntry[] {
  const byContent = new Map<string, BatchEntry>();
  const identities = new Set<string>();
  for (const { callback } of entries) {
    const known = byContent.get(callback.contentDigest);
    byContent.set(
      callback.contentDigest,
      known
        ? { ...known, copies: known.copies + 1 }
        : { callback, copies: 1, variantInBatch: identities.has(callback.identityDigest) },
    );
    identities.add(callback.identityDigest);
  }
  return [...byContent.values()];
}
