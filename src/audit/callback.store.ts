import { Injectable, Logger } from '@nestjs/common';

import { errorText, LiveEventDispatcher } from '../bus/index.js';
import { BatchQueue } from './batch.queue.js';
import { CallbackDatabase } from './callback.database.js';
import { LEASE_MS, ProcessIdentity } from './process-identity.js';
import { StorageUnavailableError } from './storage.error.js';
import type { BatchEntry, InsertResult, NewCallback } from './writers/callback.writer.js';

/** What became of a callback: `duplicate` when its content had been stored before. */
export interface StoreResult {
  readonly outcome: 'stored' | 'duplicate';
  readonly variant: boolean;
  /** Listeners whose delivery is leased to this process; the others wait for a sweep. */
  readonly leased: readonly string[];
}

/** Fence of the lease that the insert takes. */
export const FIRST_FENCE = 1;

/** The sender waits 20 s; answering well before lets it come again in an orderly way, ms. */
const DEADLINE_MS = 7_000;
const MEBIBYTE = 1024 * 1024;
const LIMITS = {
  items: 256,
  weight: 4 * MEBIBYTE,
  waiting: 10_000,
  waitingWeight: 64 * MEBIBYTE,
};

/** Makes callbacks durable, once each. */
@Injectable()
export class CallbackStore {
  private readonly logger = new Logger('LiveCallback');
  private readonly queue = new BatchQueue<NewCallback, StoreResult>(
    (callbacks) => this.write(callbacks),
    LIMITS,
    (error) => this.database.isOpen && this.database.writer.isRowFault(error),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly process: ProcessIdentity,
    private readonly dispatcher: LiveEventDispatcher,
  ) {}

  /**
   * Resolves when the callback is committed. May be stored even when this rejects: the sender's
   * retry is then a duplicate.
   *
   * @param onStored called once the callback is new and committed, even after the deadline
   * @throws StorageUnavailableError when it is not known to be durable in time
   */
  async put(callback: NewCallback, onStored: (result: StoreResult) => void): Promise<StoreResult> {
    const stored = this.queue.add(callback, callback.body.length).then(
      (result) => {
        if (result.outcome === 'stored') onStored(result);
        return result;
      },
      (error: unknown) => {
        if (error instanceof StorageUnavailableError) throw error;
        this.logger.error(`A callback could not be stored: ${errorText(error)}`);
        throw new StorageUnavailableError('storage-failed', { cause: error });
      },
    );
    return withDeadline(stored, DEADLINE_MS);
  }

  /** Resolves when no callback waits for its commit. */
  drained(): Promise<void> {
    return this.queue.drained();
  }

  private async write(callbacks: readonly NewCallback[]): Promise<StoreResult[]> {
    const batch = distinct(callbacks);
    // Without room the table keeps the deliveries, and memory stays flat however slow listeners are.
    const lease = this.dispatcher.hasRoom
      ? { owner: this.process.id, milliseconds: LEASE_MS }
      : null;
    const results = await this.database.writer.insert([...batch.values()], lease);
    const byDigest = new Map<string, InsertResult>();
    let index = 0;
    for (const digest of batch.keys()) byDigest.set(digest, results[index++] as InsertResult);
    return callbacks.map((callback) => {
      const { isNew, variant, leased } = byDigest.get(callback.contentDigest) as InsertResult;
      // Of several copies in one batch the first is the event, the others its redeliveries.
      const isFirst = batch.get(callback.contentDigest)?.callback === callback;
      return { outcome: isNew && isFirst ? 'stored' : 'duplicate', variant, leased };
    });
  }
}

/** Entries by content digest: a statement can meet each unique key once only. */
function distinct(callbacks: readonly NewCallback[]): Map<string, BatchEntry> {
  const entries = new Map<string, BatchEntry>();
  const identities = new Set<string>();
  for (const callback of callbacks) {
    const known = entries.get(callback.contentDigest);
    entries.set(
      callback.contentDigest,
      known
        ? { ...known, copies: known.copies + 1 }
        : { callback, copies: 1, variantInBatch: identities.has(callback.identityDigest) },
    );
    identities.add(callback.identityDigest);
  }
  return entries;
}

function withDeadline<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new StorageUnavailableError('storage-timeout')),
      milliseconds,
    );
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
