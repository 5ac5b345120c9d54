import { Injectable } from '@nestjs/common';

import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { timeOfId } from '../audit-query.js';
import { BodyPurgedError } from '../body-purged.error.js';
import { CallbackDiscarder } from '../callback.discarder.js';
import { checkReason } from '../check-text.js';
import { LiveCallbackAuditService } from '../live-callback-audit.service.js';
import type { ReplayReason } from '../callback.replayer.js';
import {
  countErrors,
  errorGroup,
  readDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterGroup,
} from './dead-letter.query.js';

/** Why dead letters are replayed or discarded, and who says so. */
export interface DeadLetterReason {
  /** For those who read the audit log later, 1 to 500 characters. */
  reason: string;
  /** Person or program that asked, 1 to 190 characters. */
  actor: string;
}

/** What one step did. */
export interface DeadLetterStep {
  /** Dead letters that were replayed or discarded. */
  readonly count: number;
  /** Where the next step begins; null after the last one. */
  readonly nextCursor: string | null;
}

/** Dead letters that a question looks at. */
const COUNTED_TO = 10_000;
/** Dead letters that one step looks at: few, so that its answer comes soon. */
const STEP = 50;

/** Looks at dead letters by what they have in common, and closes or replays them together. */
@Injectable()
export class LiveCallbackDeadLetters {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly audit: LiveCallbackAuditService,
    private readonly discarder: CallbackDiscarder,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** The newest 10,000 by listener and error, most frequent first. */
  async groups(): Promise<DeadLetterGroup[]> {
    const counted = await this.database.read((tables) =>
      countErrors(tables, this.config.name, COUNTED_TO),
    );
    const groups = new Map<string, DeadLetterGroup>();
    for (const { listener, error, count, oldestId, newestId } of counted) {
      const common = errorGroup(error);
      const key = JSON.stringify([listener, common]);
      const known = groups.get(key);
      const oldestAt = timeOfId(oldestId);
      const isNewer = !known || newestId > known.newestId;
      groups.set(key, {
        listener,
        error: common,
        count: count + (known?.count ?? 0),
        oldestAt: known && known.oldestAt < oldestAt ? known.oldestAt : oldestAt,
        newestAt: isNewer ? timeOfId(newestId) : known.newestAt,
        newestId: isNewer ? newestId : known.newestId,
      });
    }
    return [...groups.values()].toSorted((a, b) => b.count - a.count);
  }

  /** How many a filter finds; counts no further than 10,000. */
  async count(filter: DeadLetterFilter = {}): Promise<number> {
    const found = await this.read(filter, undefined, COUNTED_TO);
    return found.filter((it) => fits(it, filter)).length;
  }

  /**
   * Replays the next few of a filter, oldest first, each to the listener that has given it up. A
   * callback that has lost its body to a purge is passed over.
   *
   * @param cursor `nextCursor` of the step before: one that dies again is not met twice
   * @throws AuditRequestError for a reason or actor that cannot be, and a listener that this process does not have
   */
  replay(
    filter: DeadLetterFilter,
    why: DeadLetterReason,
    cursor?: string,
  ): Promise<DeadLetterStep> {
    return this.step(filter, why, cursor, async (listener, ids) => {
      let count = 0;
      for (const id of ids) count += await this.replayOne(id, { ...why, listeners: [listener] });
      return count;
    });
  }

  /**
   * Closes the next few of a filter, oldest first.
   *
   * @param cursor `nextCursor` of the step before
   * @throws AuditRequestError for a reason or actor that cannot be
   */
  discard(
    filter: DeadLetterFilter,
    why: DeadLetterReason,
    cursor?: string,
  ): Promise<DeadLetterStep> {
    return this.step(filter, why, cursor, (listener, ids) =>
      this.discarder.discard(ids, { ...why, listeners: [listener] }),
    );
  }

  private async replayOne(id: string, why: ReplayReason): Promise<number> {
    try {
      return (await this.audit.replay(id, why)).length;
    } catch (error) {
      if (error instanceof BodyPurgedError) return 0;
      throw error;
    }
  }

  /** @throws AuditRequestError for a reason or actor that cannot be */
  private async step(
    filter: DeadLetterFilter,
    why: DeadLetterReason,
    cursor: string | undefined,
    act: (listener: string, ids: readonly string[]) => Promise<number>,
  ): Promise<DeadLetterStep> {
    checkReason(why);
    const page = await this.read(filter, cursor, STEP);
    // A callback whose dead letters may go on beyond the page is left to the next step, whole.
    const last = page.at(-1)?.id;
    const isCut = page.length === STEP && page.some(({ id }) => id !== last);
    const taken = isCut ? page.filter(({ id }) => id !== last) : page;
    const byListener = new Map<string, string[]>();
    for (const letter of taken) {
      if (!fits(letter, filter)) continue;
      const ids = byListener.get(letter.listener) ?? [];
      byListener.set(letter.listener, [...ids, letter.id]);
    }
    let count = 0;
    for (const [listener, ids] of byListener) count += await act(listener, ids);
    return { count, nextCursor: page.length === STEP ? (taken.at(-1)?.id ?? null) : null };
  }

  private read(
    filter: DeadLetterFilter,
    after: string | undefined,
    limit: number,
  ): Promise<DeadLetter[]> {
    return this.database.read((tables) =>
      readDeadLetters(tables, this.config.name, filter, after, limit),
    );
  }
}

function fits({ error }: DeadLetter, filter: DeadLetterFilter): boolean {
  return filter.error === undefined || error === filter.error;
}
