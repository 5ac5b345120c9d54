import { Injectable, Logger } from '@nestjs/common';

import { errorText, toLine } from '../../common/error-text.js';
import { IdSource } from '../../common/id.source.js';
import { MinuteLog } from '../../common/minute.log.js';
import { outsideRequests } from '../../common/outside-requests.js';
import type { LiveCallbackRejection } from '../../storage/entities/index.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { RejectionStore } from '../../storage/rejection.store.js';

/** A refused request. */
export interface Rejection {
  /** Stable reason code. */
  readonly reason: string;
  readonly remoteAddress: string | null;
  /**
   * Makes the beginning of the body, with secrets masked; null when it was not read. Called for the
   * first of those that share a row.
   */
  readonly excerpt: () => string | null;
}

/** A row that still counts: a plain object, not an instance of the entity. */
type CountedRejection = Pick<LiveCallbackRejection, keyof LiveCallbackRejection>;

const MINUTE_MS = 60_000;
const FLUSH_AFTER_MS = 1_000;
/** Rows that one minute can make; beyond it addresses are no longer told apart. */
const ROWS_PER_MINUTE = 60;
const EXCERPT_LENGTH = 512;
/** Rows that wait for a database which is away. */
const MAX_DIRTY = 600;

/**
 * Counts refused requests and writes the counts behind the answers: at most
 * {@link ROWS_PER_MINUTE} rows plus one per reason in a minute, whatever arrives.
 */
@Injectable()
export class RejectionRecorder {
  private readonly logger = new Logger('LiveCallback');
  private readonly log = new MinuteLog(this.logger);
  private readonly ids = new IdSource();
  private minute = 0;
  private rows = new Map<string, CountedRejection>();
  /** What the table does not know yet, by id of the row. */
  private readonly dirty = new Map<string, CountedRejection>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: RejectionStore,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Returns at once; an answer never waits for it. */
  record(rejection: Rejection): void {
    const now = Date.now();
    this.turnMinute(now);
    const key = this.keyOf(rejection);
    const row = this.rows.get(key);
    if (row) {
      row.count++;
      row.lastAt = new Date(now);
      this.markDirty(row);
    } else {
      this.open(key, rejection, now);
    }
    this.timer ??= outsideRequests(() =>
      setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref(),
    );
  }

  private open(key: string, { reason, remoteAddress, excerpt }: Rejection, now: number): void {
    const text = excerpt();
    const row: CountedRejection = {
      id: this.ids.next(now),
      registration: this.config.name,
      reason,
      count: 1,
      remoteAddress: key === reason ? null : remoteAddress,
      excerpt: text === null ? null : toLine(text, EXCERPT_LENGTH),
      firstAt: new Date(now),
      lastAt: new Date(now),
    };
    this.rows.set(key, row);
    this.markDirty(row);
    this.log.warn(
      reason,
      () =>
        `Refused: ${reason} from ${remoteAddress ?? 'unknown address'}; further ones of this minute are counted`,
    );
  }

  /** Writes what was counted since the last time; one write at a time, however long it takes. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.writeDirty());
    return this.writing;
  }

  /** Once: what is counted meanwhile waits for its own second, however many come. */
  private async writeDirty(): Promise<void> {
    if (this.dirty.size === 0) return;
    const rows = [...this.dirty.values()].map((row) => ({ ...row }));
    this.dirty.clear();
    await this.write(rows);
  }

  /** A database that is away for minutes must not fill the memory: the oldest counts are given up. */
  private markDirty(row: CountedRejection): void {
    if (this.dirty.size >= MAX_DIRTY && !this.dirty.has(row.id)) {
      const [oldest] = this.dirty.keys();
      this.dirty.delete(oldest as string);
    }
    this.dirty.set(row.id, row);
  }

  private turnMinute(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.minute) return;
    this.minute = minute;
    this.rows = new Map();
  }

  private keyOf({ reason, remoteAddress }: Rejection): string {
    const key = `${reason} ${remoteAddress}`;
    return this.rows.has(key) || this.rows.size < ROWS_PER_MINUTE ? key : reason;
  }

  private async write(rows: readonly CountedRejection[]): Promise<void> {
    try {
      await this.store.record(rows);
    } catch (error) {
      this.logger.error(`Refused requests could not be recorded: ${errorText(error)}`);
    }
  }
}
