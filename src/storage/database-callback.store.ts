import { Injectable, Logger } from '@nestjs/common';

import { CALLBACK_BATCHES } from './batch.limits.js';
import { BatchQueue } from './batch.queue.js';
import { entriesOf } from './batch-entries.js';
import { errorText } from '../common/error-text.js';
import { TimeScale } from '../common/time-scale.js';
import { CallbackStore, type StoredCallback } from './callback.store.js';
import { CallbackDatabase } from './connection/callback.database.js';
import { KNOWN, storedAs } from './insert-outcome.js';
import { LEASE_MS, LeaseOwner } from './lease-owner.js';
import { LeasePolicy } from './lease-policy.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import type { BatchEntry, InsertResult, NewCallback } from './sql/callback.writer.js';
import { StorageUnavailableError } from './storage.error.js';

/** Stores callbacks in the database, many in one transaction, once each. */
@Injectable()
export class DatabaseCallbackStore extends CallbackStore {
  private readonly logger = new Logger('LiveCallback');
  private readonly queue = new BatchQueue<NewCallback, StoredCallback>(
    (callbacks) => this.write(callbacks),
    CALLBACK_BATCHES,
    (error) => this.isRowFault(error),
    // Its row would be leased to the present name, and nobody would run it.
    () => this.owner.rename(),
  );

  constructor(
    private readonly database: CallbackDatabase,
    private readonly owner: LeaseOwner,
    private readonly policy: LeasePolicy,
    private readonly config: LiveCallbackConfig,
    private readonly time: TimeScale,
  ) {
    super();
  }

  async put(callback: NewCallback): Promise<StoredCallback> {
    try {
      return await this.queue.add(callback, callback.body.length);
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error;
      this.logger.error(`A callback could not be stored: ${errorText(error)}`);
      throw new StorageUnavailableError('storage-failed', { cause: error });
    }
  }

  async drained(): Promise<void> {
    await this.queue.drained();
  }

  private async write(callbacks: readonly NewCallback[]): Promise<StoredCallback[]> {
    const batch = entriesOf(callbacks);
    const lease = { owner: this.owner.id, leasedAt: this.time.now() };
    const results = await this.insert(batch, lease.owner);
    // Of several copies in one batch the first is the event, the others its redeliveries.
    const stored = new Map(
      batch.map(({ callback }, index) => [callback, storedAs(callback, results[index]!, lease)]),
    );
    return callbacks.map((callback) => stored.get(callback) ?? KNOWN);
  }

  private async insert(
    batch: readonly BatchEntry[],
    owner: string,
  ): Promise<readonly InsertResult[]> {
    const { policy } = this;
    try {
      return await this.database.writer.insert(batch, {
        owner,
        registration: this.config.name,
        milliseconds: LEASE_MS,
        takes: (delivery) => policy.takes(delivery),
        graceMs: policy.graceMs,
      });
    } catch (error) {
      if (!this.isRowFault(error)) {
        // Rows may be leased to this process that it does not know of.
        this.owner.rename();
        this.database.doubt();
      }
      throw error;
    }
  }

  private isRowFault(error: unknown): boolean {
    return this.database.isOpen && this.database.writer.isRowFault(error);
  }
}
