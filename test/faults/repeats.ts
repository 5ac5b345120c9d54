import type { Life } from './application-process.js';
import type { Ledger } from './ledger.js';
import type { Outages } from './outages.js';
import { Sample } from './sample.js';

/** How long a success may take to reach its row when the database is there, ms. */
const RECORDING_MS = 2_000;

/** Runs beyond the first of each delivery, by what explains them. */
export interface Repeats {
  readonly byReason: ReadonlyMap<string, number>;
  /** Those that nothing explains. */
  readonly unexplained: Sample;
}

/** One run of a listener, with times of the monotonic clock. */
interface Run {
  readonly life: number;
  readonly run: number;
  readonly listener: string;
  readonly callback: string;
  readonly attempt: number;
  readonly began: number;
  readonly ended: number | null;
  readonly outcome: 'done' | 'failed' | null;
  readonly reason: string | null;
  readonly recorded: number | null;
}

/** Looks for what explains each repeated run: the end of the run before it. */
export function judgeRepeats(ledger: Ledger, lives: readonly Life[], outages: Outages): Repeats {
  const byReason = new Map<string, number>();
  const unexplained = new Sample();
  const runs = ledger.database
    .prepare('SELECT * FROM run ORDER BY listener, callback, began')
    .iterate() as IterableIterator<Run>;
  let before: Run | undefined;
  for (const run of runs) {
    if (before?.listener === run.listener && before.callback === run.callback) {
      const reason = reasonOf(before, run, lives, outages);
      if (reason) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      else unexplained.add(() => `${describe(before as Run)} and then ${describe(run)}`);
    }
    before = run;
  }
  return { byReason, unexplained };
}

/** Why a delivery ran again after this run; undefined when it should not have. */
function reasonOf(
  earlier: Run,
  later: Run,
  lives: readonly Life[],
  outages: Outages,
): string | undefined {
  const end = lives[earlier.life - 1]?.endedAt ?? Infinity;
  const isKilled = later.life !== earlier.life && end < later.began;
  if (isTakenOver(earlier, later, lives, outages)) return 'its lease ran out in an outage';
  if (earlier.ended === null) return isKilled ? 'the process was killed in it' : undefined;
  if (earlier.ended > later.began) return undefined; // side by side
  if (earlier.outcome === 'failed') return failureOf(earlier.reason ?? '');
  if (earlier.recorded !== null) return undefined;
  const until = isKilled ? end : later.began;
  if (isKilled && until - earlier.ended < RECORDING_MS) {
    return 'the process was killed before its record';
  }
  return outages.touches(earlier.ended, until) ? 'no database to record it' : undefined;
}

/**
 * Whether the process lived on without the database for so long that another one could take the
 * delivery: before the earlier run had ended, or before its outcome was recorded. The other one may
 * have given it back, and the first one has run it again then.
 */
function isTakenOver(earlier: Run, later: Run, lives: readonly Life[], outages: Outages): boolean {
  const from = lives[earlier.life - 1];
  if (!from || lives.every(({ node }) => node === from.node)) return false;
  if ((from.endedAt ?? Infinity) < later.began) return false;
  const isBeside = (earlier.ended ?? Infinity) > later.began;
  if (isBeside && earlier.life === later.life) return false;
  if (earlier.outcome === 'failed' && !isBeside) return false;
  return outages.touches(earlier.began, Math.min(earlier.recorded ?? Infinity, later.began));
}

function failureOf(reason: string): string {
  if (reason.startsWith('Transaction:')) return 'its transaction failed';
  if (reason.startsWith('AbortError')) return 'it was timed out';
  return 'it failed';
}

function describe(run: Run): string {
  const { listener, callback, attempt, life, began, ended, outcome, reason, recorded } = run;
  const at = (time: number | null) => (time === null ? 'never' : `at ${Math.round(time)}`);
  return `${listener} on ${callback} attempt ${attempt}, life ${life}, begun ${at(began)}, ended ${at(ended)} (${outcome ?? 'open'}${reason ? `: ${reason}` : ''}), recorded ${at(recorded)}`;
}
