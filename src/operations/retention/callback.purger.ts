import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { Injectable, Logger } from '@nestjs/common';

import { resolvePolicy, type ResolvedPolicy } from '../../options/retention.config.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { emitSignal } from '../../common/signals.js';
import { CallbackEraser } from '../../storage/callback.eraser.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { RejectionStore } from '../../storage/rejection.store.js';
import { CallbackDiscarder } from '../callback.discarder.js';
import { FIRST_ID } from '../../common/id.source.js';
import {
  candidatesOf,
  page,
  pageOfRejections,
  touchedAt,
  type PurgeCandidate,
  type Walk,
} from './purge.candidates.js';
import { RetentionClock } from './retention.clock.js';
import type { RetentionPolicy } from '../../options/retention.options.js';

const DAY_MS = 86_400_000;
/** Shortest pause after a batch, ms; a slow batch is followed by one as long as itself. */
const MIN_PAUSE_MS = 5;

/** What to purge, and how to follow it. The policy defaults to the option `retention`. */
export interface PurgeRequest extends RetentionPolicy {
  /** Counts what a purge would do, and changes nothing. Default: false. */
  dryRun?: boolean;
  /** Called after each batch in which something was done, with all that was done so far. */
  onProgress?: (soFar: PurgeSummary) => void;
  /** Ends the purge after the batch in progress; the next one goes on. */
  signal?: AbortSignal;
}

/** What a purge did, or in a dry run would do. */
export interface PurgeSummary {
  /** Bodies that were dropped. */
  readonly bodies: number;
  /** Callbacks that were deleted with their deliveries. */
  readonly rows: number;
  /** Rows of counted refusals that were deleted. */
  readonly rejections: number;
  /** Callbacks that were discarded because nobody reviewed them in `unreviewedDays`. */
  readonly discarded: number;
  /** Callbacks older than `bodyDays` that stay whole: undelivered or unreviewed. */
  readonly held: number;
}

type Counts = { -readonly [K in keyof PurgeSummary]: number };

/** One purge: its policy as times, and what it has done. */
interface Run {
  readonly counts: Counts;
  readonly bodiesBefore: number;
  readonly rowsBefore: number;
  readonly rejectionsBefore: number;
  /** -Infinity: never. */
  readonly unreviewedBefore: number;
  readonly policy: ResolvedPolicy;
  readonly request: PurgeRequest;
}

/**
 * Forgets what is old. A callback is as old as the last thing that happened to it: its receipt, a
 * redelivery, a replay, the end of a delivery. First its body goes, then the whole row.
 *
 * Undelivered ones (a delivery is `pending`) stay whole whatever their age, and so do unreviewed ones:
 * a dead letter, or a callback that is `unknown` or `quarantined`. Reviewed is what was replayed or
 * requeued with success, or discarded. A conflicting one counts as reviewed: it was delivered, as such.
 *
 * Walks by id, which begins with the time of receipt, in batches of which each is one short
 * transaction. Several purges at once do each other no harm.
 */
@Injectable()
export class CallbackPurger {
  private readonly logger = new Logger('LiveCallback');

  constructor(
    private readonly database: CallbackDatabase,
    private readonly eraser: CallbackEraser,
    private readonly rejections: RejectionStore,
    private readonly clock: RetentionClock,
    private readonly discarder: CallbackDiscarder,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** @throws LiveCallbackOptionsError for a policy that cannot be */
  async purge(request: PurgeRequest = {}): Promise<PurgeSummary> {
    const run = await this.begin(request);
    await this.purgeBodies(run);
    await this.purgeRows(run);
    await this.purgeRejections(run);
    return this.end(run);
  }

  /** Forgets counted refusals alone. @throws LiveCallbackOptionsError for a policy that cannot be */
  async purgeOldRejections(request: PurgeRequest = {}): Promise<PurgeSummary> {
    const run = await this.begin(request);
    await this.purgeRejections(run);
    return this.end(run);
  }

  private async begin(request: PurgeRequest): Promise<Run> {
    const policy = this.policyOf(request);
    const now = await this.clock.now();
    const daysAgo = (days: number) => Math.max(0, now - days * DAY_MS);
    return {
      counts: { bodies: 0, rows: 0, rejections: 0, discarded: 0, held: 0 },
      bodiesBefore: daysAgo(policy.bodyDays),
      rowsBefore: daysAgo(policy.rowDays),
      rejectionsBefore: daysAgo(policy.rejectionDays),
      unreviewedBefore: policy.unreviewedDays === null ? -Infinity : daysAgo(policy.unreviewedDays),
      policy,
      request,
    };
  }

  private end({ counts, request }: Run): PurgeSummary {
    const summary = { ...counts };
    if (!request.dryRun) this.tell(summary);
    return summary;
  }

  private policyOf(request: PurgeRequest): ResolvedPolicy {
    const { dryRun: _dryRun, onProgress: _onProgress, signal: _signal, ...policy } = request;
    if (!this.config.retention) return resolvePolicy('purge', policy);
    const { intervalMinutes: _interval, unreviewedDays, ...configured } = this.config.retention;
    return resolvePolicy('purge', {
      ...configured,
      unreviewedDays: unreviewedDays ?? undefined,
      ...policy,
    });
  }

  private purgeBodies(run: Run): Promise<void> {
    const { dataSource } = this.database;
    const next = (walk: Walk) => page(dataSource, walk).getMany();
    return this.walk(run, run.bodiesBefore, next, async (callbacks) => {
      const { counts, bodiesBefore, rowsBefore, request } = run;
      const withBody = callbacks.filter((it) => it.bodyPurgedAt === null);
      const candidates = await candidatesOf(dataSource, withBody);
      const old = candidates.filter(
        (it) => it.touchedAt < bodiesBefore && it.finishedAt < bodiesBefore,
      );
      const due = old.filter((it) => isDue(it, run));
      const overdue = due.filter(({ isUnreviewed }) => isUnreviewed).map(({ id }) => id);
      counts.held += candidates.filter((it) => it.isPending).length;
      counts.held += old.filter((it) => !it.isPending && !due.includes(it)).length;
      if (request.dryRun) {
        counts.discarded += overdue.length;
        counts.bodies += due.length;
        // The same purge would come to them again.
        counts.rows += due.filter((it) => it.touchedAt < rowsBefore).length;
        return;
      }
      if (overdue.length > 0) {
        const reason = `nobody reviewed it in ${run.policy.unreviewedDays} days`;
        counts.discarded += await this.discarder.expire(overdue, { reason, actor: 'retention' });
      }
      if (due.length === 0) return;
      counts.bodies += await this.eraser.dropBodies({
        ids: due.map(({ id }) => id),
        before: bodiesBefore,
      });
    });
  }

  private purgeRows(run: Run): Promise<void> {
    const { dataSource } = this.database;
    const { counts, rowsBefore, request } = run;
    const next = (walk: Walk) => page(dataSource, walk).getMany();
    return this.walk(run, rowsBefore, next, async (callbacks) => {
      const due = callbacks.filter((it) => it.bodyPurgedAt && touchedAt(it) < rowsBefore);
      if (due.length === 0) return;
      const ids = due.map(({ id }) => id);
      counts.rows += request.dryRun
        ? ids.length
        : await this.eraser.deleteCallbacks({ ids, before: rowsBefore });
    });
  }

  private purgeRejections(run: Run): Promise<void> {
    const { dataSource } = this.database;
    const { counts, rejectionsBefore, request } = run;
    const next = (walk: Walk) => pageOfRejections(dataSource, walk).getMany();
    return this.walk(run, rejectionsBefore, next, async (rejections) => {
      const ids = rejections.map(({ id }) => id);
      counts.rejections += request.dryRun ? ids.length : await this.rejections.delete(ids);
    });
  }

  /** Page by page, with pauses in which the intake has the database to itself. */
  private async walk<T extends { id: string }>(
    { request, counts }: Run,
    before: number,
    next: (walk: Walk) => Promise<T[]>,
    work: (rows: T[]) => Promise<void>,
  ): Promise<void> {
    let after = FIRST_ID;
    while (!request.signal?.aborted) {
      const begin = performance.now();
      const rows = await next({ registration: this.config.name, after, before });
      const last = rows.at(-1);
      if (!last) return;
      const was = { ...counts };
      await work(rows);
      if (!isDeepStrictEqual(was, counts)) request.onProgress?.({ ...counts });
      after = last.id;
      await sleep(Math.max(MIN_PAUSE_MS, performance.now() - begin));
    }
  }

  private tell(summary: PurgeSummary): void {
    const { bodies, rows, rejections, discarded, held } = summary;
    emitSignal('purged', () => ({ ...summary }));
    if (bodies + rows + rejections + discarded === 0) return;
    this.logger.log(
      `Purged: ${bodies} bodies, ${rows} callbacks, ${rejections} rejections; ${discarded} discarded unreviewed, ${held} old ones kept as undelivered or unreviewed`,
    );
  }
}

function isDue(candidate: PurgeCandidate, { unreviewedBefore }: Run): boolean {
  if (candidate.isPending) return false;
  if (!candidate.isUnreviewed) return true;
  return Math.max(candidate.touchedAt, candidate.finishedAt) < unreviewedBefore;
}
