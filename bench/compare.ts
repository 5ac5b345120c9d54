import { toMarkdown, type Comparison } from './comparison.js';
import type { Contender, DatabaseKey } from './contenders.js';
import { BenchDatabase } from './database.js';
import { machine } from './machine.js';
import { measure, type Lengths, type Measurement } from './measurement.js';
import { progress, writeReport } from './report.js';
import { inOrder, isClean } from './rounds.js';
import type { Bench } from './subject.js';
import { number } from './table.js';
import { judge, type Round } from './targets.js';

/** What to compare. */
export interface CompareOptions extends Lengths {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Folder of the report. */
  readonly out: string;
}

/**
 * Measures each contender once per round, so that what slows the machine for a while meets them all.
 *
 * @returns whether every callback was kept and every answer right
 */
export async function compare(bench: Bench, options: CompareOptions): Promise<boolean> {
  const { contenders, rounds: count, seconds, out } = options;
  const databases = await versionsOf(contenders);
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) {
    rounds.push(await runRound(round, bench, options));
    // Written after each round: a run that is cut off has not been for nothing.
    const comparison: Comparison = {
      machine: machine(),
      databases,
      settings: { rounds: round, seconds, connections: bench.connections },
      contenders,
      rounds,
      verdicts: judge(rounds),
    };
    const data = { ...comparison, rounds: rounds.map((it) => Object.fromEntries(it)) };
    writeReport(out, 'comparison', toMarkdown(comparison), data);
  }
  return isClean(rounds);
}

async function runRound(round: number, bench: Bench, options: CompareOptions): Promise<Round> {
  const measured = new Map<string, Measurement>();
  for (const contender of inOrder(options.contenders, round)) {
    const peak = measured.get(contender.paceOf ?? '')?.saturation.throughput ?? null;
    const result = await measure(contender, round, options, peak, bench);
    measured.set(contender.name, result);
    const { throughput, cpuMicros } = result.saturation;
    progress(
      `round ${round}, ${contender.name}: ${number(throughput)}/s, ${number(cpuMicros)} µs${result.problems.map((line) => `\n  ${line}`).join('')}`,
    );
  }
  return measured;
}

/** @throws Error when a database that is asked for does not answer: before an hour has passed */
export async function versionsOf(contenders: readonly Contender[]): Promise<string[]> {
  const keys = new Set(contenders.map(({ database }) => database));
  const versions: string[] = [];
  for (const key of keys) {
    if (key !== null) versions.push(await versionOf(key));
  }
  return versions;
}

async function versionOf(key: DatabaseKey): Promise<string> {
  const database = await BenchDatabase.create(key);
  try {
    return await database.version();
  } finally {
    await database.drop();
  }
}
