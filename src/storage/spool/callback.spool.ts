import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { OutageLog } from '../../common/outage.log.js';
import { folderProblem } from '../../common/private-file.js';
import { outsideRequests } from '../../common/outside-requests.js';
import type { TimeScale } from '../../common/time-scale.js';
import { CallbackStore, type StoredCallback } from '../callback.store.js';
import type { CallbackDatabase } from '../connection/callback.database.js';
import type { NewCallback } from '../sql/callback.writer.js';
import { StorageUnavailableError } from '../storage.error.js';
import {
  SpoolFile,
  type SealedCallback,
  type SpooledBody,
  type SpooledCallback,
} from './spool.file.js';
import type { SealVerdict, SpoolSeal } from './spool.seal.js';

/** How often the database is asked whether it can take callbacks again, ms. */
const INTERVAL_MS = 1_000;
const BATCH = 256;
/** The longest that callbacks are held back while the last ones are taken in, ms. */
const LEAVING_MS = 2_000;
/** How often it is looked whether these are all in the file, ms. */
const LOOK_MS = 5;

const SPOOLED: StoredCallback = { outcome: 'spooled', conflicting: false, leased: [], waiting: [] };

/** Takes a callback of the file in as if it had come now. @param store where it is to be kept */
export type TakeIn = (spooled: SpooledCallback, store: CallbackStore) => Promise<void>;

/**
 * A store that keeps in a file what the database cannot take: it is acknowledged, and taken in when the
 * database is back, before any later one. There only if the host has given it a file.
 */
export class CallbackSpool extends CallbackStore {
  private readonly logger = new Logger('LiveCallback');
  private readonly emptying = new OutageLog(this.logger);
  private readonly removal = new OutageLog(this.logger);
  private file: SpoolFile | undefined;
  private takeIn: TakeIn | undefined;
  /** Positions of callbacks that are on their way into the database, in the order of arrival. */
  private readonly underWay = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private draining: Promise<void> = Promise.resolve();
  /** Resolves when callbacks may come again. */
  private held: Promise<void> | undefined;
  private letGo: () => void = () => {};

  constructor(
    private readonly path: string,
    private readonly store: CallbackStore,
    private readonly database: CallbackDatabase,
    private readonly time: TimeScale,
    private readonly seal: SpoolSeal,
  ) {
    super();
  }

  /** @throws StorageSetupError when the file cannot be used */
  async open(): Promise<void> {
    this.file = await SpoolFile.open(this.path);
    const problem = folderProblem(this.path);
    // Volumes of containers are often so, and rows are sealed: no reason not to start.
    if (problem) this.logger.warn(`The spool "${this.path}": ${problem}.`);
    if (this.file.size > 0) {
      this.logger.warn(`${this.file.size} callbacks wait in the spool for the database.`);
    }
  }

  /** Begins to empty the file, once listeners are known. */
  start(takeIn: TakeIn): void {
    this.takeIn = takeIn;
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.takeIn = undefined;
    clearTimeout(this.timer);
    await this.draining;
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  /** Callbacks that wait in the file. */
  get waiting(): number {
    return this.file?.size ?? 0;
  }

  /** Callbacks in the file that cannot be taken in: the log says why. */
  get setAside(): number {
    return this.file?.asideSize ?? 0;
  }

  /** Deletes callbacks that were set aside and match. @returns how many there were */
  eraseSetAside(matches: (spooled: SpooledBody) => boolean, dryRun: boolean): number {
    return this.file?.eraseAside(matches, dryRun) ?? 0;
  }

  /** @throws the error of SQLite when nothing could be kept in the file now */
  probe(): void {
    this.file?.probe();
  }

  drained(): Promise<void> {
    return this.store.drained();
  }

  async put(callback: NewCallback): Promise<StoredCallback> {
    const { file } = this;
    if (!file) return this.store.put(callback);
    if (this.held) await this.held;
    const position = file.nextPosition();
    this.underWay.add(position);
    try {
      // What came earlier waits in the file, so this one waits behind it.
      if (file.size > 0) return await this.spool(file, position, callback);
      return await this.store.put(callback);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      return await this.spool(file, position, callback);
    } finally {
      this.underWay.delete(position);
    }
  }

  private async spool(
    file: SpoolFile,
    position: number,
    { receivedAt, routeKind, remoteAddress, body, bodyEncoding }: NewCallback,
  ): Promise<StoredCallback> {
    const isFirst = file.size === 0;
    try {
      const row = { position, receivedAt, routeKind, remoteAddress, body, bodyEncoding };
      await file.add(row, this.seal.of(row));
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error;
      this.logger.error(`The spool cannot keep a callback: ${errorText(error)}`);
      throw new StorageUnavailableError('storage-failed', { cause: error });
    }
    if (isFirst) this.logger.warn('The database is away; callbacks are kept in the spool.');
    this.schedule(INTERVAL_MS);
    return SPOOLED;
  }

  private schedule(pause: number): void {
    if (!this.takeIn || this.timer || !this.file || this.file.size === 0) return;
    this.timer = outsideRequests(() =>
      setTimeout(() => this.drainAndWait(), this.time.real(pause)).unref(),
    );
  }

  private drainAndWait(): void {
    this.draining = this.drain().finally(() => {
      this.timer = undefined;
      this.schedule(INTERVAL_MS);
    });
  }

  private async drain(): Promise<void> {
    try {
      await this.database.probe();
    } catch {
      return; // still away, as the log has said
    }
    try {
      while (this.takeIn && this.file && this.file.size > 0) {
        let batch = this.earliest(this.file);
        if (batch.length < BATCH) {
          await this.holdBack();
          batch = this.earliest(this.file);
        }
        if (batch.length === 0 || !(await this.drainBatch(this.file, batch, this.takeIn))) return;
      }
      this.emptying.works();
      if (this.file?.size === 0)
        this.logger.log('The spool is empty; callbacks go to the database again.');
    } catch (error) {
      this.emptying.failed(() => `The spool could not be emptied: ${errorText(error)}`);
    } finally {
      this.letGo();
    }
  }

  /** Those that nothing on its way comes before. */
  private earliest(file: SpoolFile): readonly SealedCallback[] {
    const [earliestUnderWay = Infinity] = this.underWay;
    return file.first(BATCH, earliestUnderWay);
  }

  /**
   * Lets nothing come until the last ones are taken in, and waits for what is on its way into the file: under
   * a steady load the file would otherwise never be empty.
   */
  private async holdBack(): Promise<void> {
    this.held ??= new Promise((resolve) => {
      const late = setTimeout(() => this.letGo(), LEAVING_MS);
      this.letGo = () => {
        clearTimeout(late);
        this.held = undefined;
        resolve();
      };
    });
    for (let ms = 0; this.underWay.size > 0 && ms < LEAVING_MS; ms += LOOK_MS) await sleep(LOOK_MS);
  }

  /** @returns whether the database has taken all of it */
  private async drainBatch(
    file: SpoolFile,
    batch: readonly SealedCallback[],
    takeIn: TakeIn,
  ): Promise<boolean> {
    const genuine = await this.genuineOf(file, batch);
    // Put in their order, they are committed in it.
    const results = await Promise.allSettled(genuine.map((one) => takeIn(one, this.store)));
    this.remove(
      file,
      genuine.filter((_, index) => results[index]?.status === 'fulfilled'),
    );
    let isStuck = false;
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      if (!this.setAsideIfRefused(file, genuine[index]!, result.reason)) isStuck = true;
    }
    return !isStuck;
  }

  /** On a full disk their rows stay, and nobody waits for that. */
  private remove(file: SpoolFile, taken: readonly SpooledCallback[]): void {
    try {
      file.remove(taken);
      this.removal.works();
    } catch (error) {
      this.removal.failed(
        () => `What was taken in could not be deleted from the spool: ${errorText(error)}`,
      );
    }
  }

  /** Those that are as they were written; the others are not delivered as if they had been verified. */
  private async genuineOf(
    file: SpoolFile,
    batch: readonly SealedCallback[],
  ): Promise<SpooledCallback[]> {
    const verdicts = await this.seal.verdictsOn(batch);
    const of = (verdict: SealVerdict) => batch.filter((_, index) => verdicts[index] === verdict);
    this.putAside(
      file,
      of('changed'),
      'was changed in the file, or sealed with a key that is gone',
    );
    this.putAside(file, of('keyless'), 'has had no keys for a minute');
    return of('genuine');
  }

  /**
   * One that will never be taken must not hold up those behind it.
   *
   * @returns whether it was set aside
   */
  private setAsideIfRefused(file: SpoolFile, spooled: SpooledCallback, error: unknown): boolean {
    if (!(error instanceof StorageUnavailableError)) {
      this.putAside(file, [spooled], `cannot be read: ${errorText(error)}`);
      return true;
    }
    const { cause } = error;
    if (!this.database.isOpen || !this.database.writer.isRowFault(cause)) return false;
    this.putAside(file, [spooled], `is refused by the database: ${errorText(cause)}`);
    return true;
  }

  private putAside(file: SpoolFile, callbacks: readonly SpooledCallback[], problem: string): void {
    if (callbacks.length === 0) return;
    file.setAside(callbacks);
    for (const { position } of callbacks) {
      this.logger.error(
        `Callback ${position} of the spool ${problem}. It stays in the file, and is tried again at the next start.`,
      );
    }
  }
}
