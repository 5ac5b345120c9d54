import type { Contender } from './contenders.js';
import { Subject, type Bench, type Stretch } from './subject.js';

/** Lengths of the stretches, seconds. */
export interface Lengths {
  readonly seconds: number;
  readonly warmup: number;
}

/** One contender in one round. */
export interface Measurement {
  readonly contender: string;
  readonly round: number;
  /** As fast as the connections can. */
  readonly saturation: Stretch;
  /** At half of that. */
  readonly half: Stretch;
  /** At half of the peak of the contender that sets its pace. */
  readonly paced: Stretch | null;
  /** Resident memory before the first callback and after the last, MB. */
  readonly rssStartMb: number;
  readonly rssEndMb: number;
  /** What went wrong; a run with any has failed. */
  readonly problems: readonly string[];
}

/** CPU time of server and database per callback at saturation, µs. */
export function bothMicros({ saturation }: Measurement): number {
  return saturation.cpuMicros + (saturation.databaseCpuMicros ?? 0);
}

const BYTES_PER_MB = 1e6;

/**
 * Measures a contender in a fresh process on a fresh database: nobody profits from what an earlier
 * round has compiled, cached or left behind. The warm-up is not counted.
 *
 * @param peak throughput of the contender that sets its pace; null when there is none
 */
export async function measure(
  contender: Contender,
  round: number,
  { seconds, warmup }: Lengths,
  peak: number | null,
  bench: Bench,
): Promise<Measurement> {
  await using subject = await Subject.start(contender, bench);
  const rssMb = async () => (await subject.usage()).rss / BYTES_PER_MB;
  const rssStartMb = await rssMb();
  await subject.stretch({ rate: null, seconds: warmup });
  const saturation = await subject.stretch({ rate: null, seconds });
  const half = await subject.stretch({ rate: saturation.throughput / 2, seconds });
  const paced = peak === null ? null : await subject.stretch({ rate: peak / 2, seconds });
  return {
    contender: contender.name,
    round,
    saturation,
    half,
    paced,
    rssStartMb,
    rssEndMb: await rssMb(),
    problems: await subject.verify(),
  };
}
