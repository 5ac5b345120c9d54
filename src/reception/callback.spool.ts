import { Inject, Injectable, Logger } from '@nestjs/common';

import {
  CallbackDatabase,
  SpoolFile,
  SpoolGauge,
  StorageUnavailableError,
  type SpooledCallback,
} from '../audit/index.js';
import { errorText } from '../bus/index.js';
import { parsePayload } from '../events/index.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import { emitSignal } from '../live-callback.signals.js';
import { CallbackAcceptor } from './callback.acceptor.js';
import { CallbackPipe, type TypedCallback } from './callback.pipe.js';

/** How often the database is asked whether it can take callbacks again, ms. */
const INTERVAL_MS = 1_000;
const BATCH = 256;

/**
 * Where callbacks go that the database cannot take, if the host has given it a file: they are kept
 * there, acknowledged, and taken in when the database is back, before any later one.
 */
@Injectable()
export class CallbackSpool extends SpoolGauge {
  private readonly logger = new Logger('LiveCallback');
  private file: SpoolFile | undefined;
  /** Positions of callbacks that are on their way into the database, in the order of arrival. */
  private readonly underWay = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private draining: Promise<void> = Promise.resolve();
  private isStopped = true;

  constructor(
    private readonly acceptor: CallbackAcceptor,
    private readonly pipe: CallbackPipe,
    private readonly database: CallbackDatabase,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
  ) {
    super();
  }

  /** @throws StorageSetupError when the file cannot be used */
  async open(): Promise<void> {
    const { spool } = this.config;
    if (spool === null) return;
    this.file = await SpoolFile.open(spool.path);
    if (this.file.size > 0) {
      this.logger.warn(`${this.file.size} callbacks wait in the spool for the database.`);
    }
  }

  /** Begins to empty the file, once listeners are known. */
  start(): void {
    if (!this.file) return;
    this.isStopped = false;
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.draining;
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  get waiting(): number | null {
    return this.file?.size ?? null;
  }

  probe(): void {
    this.file?.probe();
  }

  /**
   * Resolves when the callback is durable, in the database or in the file.
   *
   * @throws StorageUnavailableError when it is in neither
   */
  keep(callback: TypedCallback): Promise<unknown> {
    return this.file ? this.keepInOrder(this.file, callback) : this.acceptor.accept(callback);
  }

  private async keepInOrder(file: SpoolFile, callback: TypedCallback): Promise<void> {
    const position = file.nextPosition();
    // What came earlier waits in the file, so this one waits behind it.
    if (file.size > 0) return this.put(file, position, callback);
    this.underWay.add(position);
    try {
      await this.acceptor.accept(callback);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      await this.put(file, position, callback);
    } finally {
      this.underWay.delete(position);
    }
  }

  private async put(file: SpoolFile, position: number, callback: TypedCallback): Promise<void> {
    const { row, routeKind } = callback;
    const isFirst = file.size === 0;
    try {
      await file.add({
        position,
        receivedAt: row.receivedAt,
        routeKind,
        remoteAddress: row.remoteAddress,
        body: row.body,
      });
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error;
      this.logger.error(`The spool cannot keep a callback: ${errorText(error)}`);
      throw new StorageUnavailableError('storage-failed', { cause: error });
    }
    if (isFirst) this.logger.warn('The database is away; callbacks are kept in the spool.');
    emitSignal('spooled', () => ({ kind: row.kind }));
    this.schedule(INTERVAL_MS);
  }

  private schedule(pause: number): void {
    if (this.isStopped || this.timer || !this.file || this.file.size === 0) return;
    this.timer = setTimeout(() => {
      this.draining = this.drain().finally(() => {
        this.timer = undefined;
        this.schedule(INTERVAL_MS);
      });
    }, pause).unref();
  }

  private async drain(): Promise<void> {
    try {
      await this.database.writer.probe();
    } catch {
      return; // still away, as the log has said
    }
    try {
      while (!this.isStopped && this.file && this.file.size > 0) {
        if (!(await this.drainBatch(this.file))) return;
      }
      if (this.file?.size === 0)
        this.logger.log('The spool is empty; callbacks go to the database again.');
    } catch (error) {
      this.logger.error(`The spool could not be emptied: ${errorText(error)}`);
    }
  }

  /** @returns whether the database has taken all of it, and there may be more */
  private async drainBatch(file: SpoolFile): Promise<boolean> {
    const [earliestUnderWay = Infinity] = this.underWay;
    const batch = file.first(BATCH, earliestUnderWay);
    // Put in their order, they are committed in it.
    const results = await Promise.allSettled(batch.map((spooled) => this.takeIn(spooled)));
    file.remove(batch.filter((_, index) => results[index]?.status === 'fulfilled'));
    const failures = batch.flatMap((spooled, index) => {
      const result = results[index];
      return result?.status === 'rejected' ? [{ spooled, error: result.reason as Error }] : [];
    });
    for (const { spooled, error } of failures) this.setAsideIfRefused(file, spooled, error);
    return batch.length > 0 && failures.length === 0;
  }

  /** One that the database will never take must not hold up those behind it. */
  private setAsideIfRefused(file: SpoolFile, spooled: SpooledCallback, { cause }: Error): void {
    if (!this.database.isOpen || !this.database.writer.isRowFault(cause)) return;
    file.setAside(spooled);
    this.logger.error(
      `The database refuses callback ${spooled.position} of the spool, which stays in the file: ${errorText(cause)}`,
    );
  }

  private async takeIn({ body, ...facts }: SpooledCallback): Promise<void> {
    const { value: payload } = parsePayload(body);
    await this.acceptor.accept(this.pipe.transform({ ...facts, payload, text: body }));
  }
}
