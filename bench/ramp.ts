import type { Contender } from './contenders.js';
import { machine, machineLine } from './machine.js';
import type { Lengths } from './measurement.js';
import { progress, writeReport } from './report.js';
import { Subject, type Bench } from './subject.js';
import { number, table } from './table.js';

/** What to look for, and where to write it. */
export interface RampOptions extends Lengths {
  readonly contenders: readonly Contender[];
  /** Folder of the report. */
  readonly out: string;
}

/** The highest rate of one contender. */
interface Ramp {
  readonly title: string;
  /** Callbacks per second with whole connections busy, for comparison. */
  readonly peak: number;
  /** The highest rate at which it kept the bound; 0 when there was none. */
  readonly rate: number;
  /** p99 at that rate, ms. */
  readonly p99: number;
  readonly problems: readonly string[];
}

const LONGEST_P99_MS = 50;
/** Rates that are tried; the result is as exact as the peak ÷ 2 to the power of these. */
const STEPS = 5;

/**
 * Finds the highest rate at which 99 of 100 callbacks are answered within 50 ms of when they were due,
 * whether or not the server is ready for them.
 *
 * @returns whether every callback was kept and every answer right
 */
export async function measureRamp(bench: Bench, options: RampOptions): Promise<boolean> {
  const ramps: Ramp[] = [];
  for (const contender of options.contenders) ramps.push(await rampOf(contender, bench, options));
  const markdown = [
    '# Ramp',
    machineLine(machine()),
    `The highest rate at which p99 stays below ${LONGEST_P99_MS} ms, of ${STEPS} that halve the distance, ${options.seconds} s each.`,
    table(
      ['Contender', 'callbacks/s:', 'p99 there, ms:', 'callbacks/s at saturation:'],
      ramps.map(({ title, rate, p99, peak }) => [title, rate, p99, peak]),
    ),
    ...ramps.flatMap(({ title, problems }) => problems.map((line) => `FAILED, ${title}: ${line}`)),
  ].join('\n\n');
  writeReport(options.out, 'ramp', markdown, { machine: machine(), ramps });
  return ramps.every(({ problems }) => problems.length === 0);
}

async function rampOf(
  contender: Contender,
  bench: Bench,
  { seconds, warmup }: Lengths,
): Promise<Ramp> {
  await using subject = await Subject.start(contender, bench);
  await subject.stretch({ rate: null, seconds: warmup });
  const { throughput: peak } = await subject.stretch({ rate: null, seconds });
  let [rate, p99, tooHigh] = [0, 0, peak * 1.25];
  for (let step = 0; step < STEPS; step++) {
    const tried = (rate + tooHigh) / 2;
    const { latency } = await subject.stretch({ rate: tried, seconds });
    progress(`${contender.name}: ${number(tried)}/s, p99 ${number(latency.p99)} ms`);
    if (latency.p99 < LONGEST_P99_MS) [rate, p99] = [tried, latency.p99];
    else tooHigh = tried;
  }
  return { title: contender.title, peak, rate, p99, problems: await subject.verify() };
}
