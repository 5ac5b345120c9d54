import { bothMicros, type Measurement } from './measurement.js';
import type { RoundOf } from './rounds.js';
import { spreadOf, type Spread } from './statistics.js';

/** A figure that is promised. */
export interface Target {
  readonly name: string;
  /** What the figure may be at most, or has to be at least. */
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
  readonly unit?: string;
  /** The figure of one round; undefined when it was not measured. */
  readonly figure: (round: Round) => number | undefined;
}

/** The measurements of one round, by contender. */
export type Round = RoundOf<Measurement>;

/** Whether a target was met, by the median of its rounds. */
export interface Verdict {
  readonly name: string;
  readonly bound: string;
  readonly figures: Spread | null;
  readonly isMet: boolean | null;
  /** In words. */
  readonly verdict: string;
}

/** Share of the deliveries made meanwhile that a backlog may grow by before it counts as growing. */
const NOISE = 0.01;

/** The quotient of one figure of two contenders. */
function ratio(of: string, to: string, read: (it: Measurement) => number | undefined) {
  return (round: Round): number | undefined => {
    const [above, below] = [round.get(of), round.get(to)].map((it) => it && read(it));
    return above === undefined || below === undefined ? undefined : above / below;
  };
}

const throughput = (it: Measurement) => it.saturation.throughput;
const cpu = (it: Measurement) => it.saturation.cpuMicros;
const p99AtHalf = (it: Measurement) => it.half.latency.p99;

/** Growth of the backlog at peak intake, per callback that came in meanwhile. */
function backlogGrowth(name: string) {
  return (round: Round): number | undefined => {
    const saturation = round.get(name)?.saturation;
    // Between the middles of the first and the last third lie two thirds of the time.
    if (!saturation?.backlog) return undefined;
    return saturation.backlog.growth / ((saturation.answered * 2) / 3);
  };
}

/** The targets of the project, as ratios within one round. */
export const TARGETS: readonly Target[] = [
  {
    name: 'server + database ÷ hand-written with repository.save',
    bound: { atMost: 0.22 },
    figure: ratio('postgres', 'handwritten-save', bothMicros),
  },
  {
    name: 'server + database ÷ hand-written at its best',
    bound: { atMost: 0.33 },
    figure: ratio('postgres', 'handwritten', bothMicros),
  },
  {
    name: 'server + database with 5 listeners ÷ with 1',
    bound: { atMost: 1.5 },
    figure: ratio('postgres-5', 'postgres', bothMicros),
  },
  {
    name: 'throughput ÷ hand-written with repository.save, 64 connections',
    bound: { atLeast: 3.5 },
    figure: ratio('postgres', 'handwritten-save', throughput),
  },
  {
    name: 'the same, 256 connections',
    bound: { atLeast: 4.5 },
    figure: ratio('postgres-256', 'handwritten-save-256', throughput),
  },
  {
    name: 'p99 at saturation ÷ hand-written at its best',
    bound: { atMost: 0.4 },
    figure: ratio('postgres', 'handwritten', (it) => it.saturation.latency.p99),
  },
  {
    name: 'MariaDB: server + database ÷ hand-written at its best there',
    bound: { atMost: 0.6 },
    figure: ratio('mariadb', 'handwritten-mariadb', bothMicros),
  },
  {
    name: 'SQLite: server ÷ hand-written at its best there',
    bound: { atMost: 0.25 },
    figure: ratio('sqlite', 'handwritten-sqlite', cpu),
  },
  {
    name: 'SQLite: p99.9 at saturation, where a stall of fsync would show',
    bound: { atMost: 50 },
    unit: 'ms',
    figure: (round) => round.get('sqlite')?.saturation.latency.p999,
  },
  {
    name: 'CPU per forged request ÷ that of the empty Nest endpoint',
    bound: { atMost: 1.2 },
    figure: ratio('forged', 'empty', cpu),
  },
  {
    // What is counted per minute, and the question of the poller once a second, do not grow with them.
    name: 'database statements per forged request',
    bound: { atMost: 0.01 },
    figure: (round) => round.get('forged')?.saturation.statements,
  },
  ...['postgres', 'mariadb', 'sqlite'].map((name) => ({
    name: `growth of the backlog at peak intake per callback, ${name}`,
    bound: { atMost: NOISE },
    figure: backlogGrowth(name),
  })),
  {
    name: 'p99 of the intake with five sleeping listeners ÷ that with none, at the same rate',
    bound: { atMost: 1.3 },
    figure: (round) => {
      const sleeping = round.get('postgres-5-sleeping');
      const none = round.get('postgres-0')?.paced;
      return sleeping && none ? p99AtHalf(sleeping) / none.latency.p99 : undefined;
    },
  },
];

/** Judges the rounds of a run. */
export function judge(rounds: readonly Round[], targets: readonly Target[] = TARGETS): Verdict[] {
  return targets.map((target) => {
    const figures = rounds.map(target.figure).filter((figure) => Number.isFinite(figure));
    return judgeFigures(target, figures as number[]);
  });
}

/** Judges the figures of one target by their median. */
export function judgeFigures(
  { name, bound, unit = '' }: Omit<Target, 'figure'>,
  figures: readonly number[],
): Verdict {
  const limit = 'atMost' in bound ? bound.atMost : bound.atLeast;
  const words = `${'atMost' in bound ? '≤' : '≥'} ${Number(limit.toPrecision(3))}${unit && ` ${unit}`}`;
  const common = { name, bound: words };
  if (figures.length === 0) {
    return { ...common, figures: null, isMet: null, verdict: 'not measured' };
  }
  const spread = spreadOf(figures);
  const isMet = 'atMost' in bound ? spread.median <= limit : spread.median >= limit;
  const percent = Math.abs(spread.median / limit - 1) * 100;
  const verdict = isMet ? 'met' : `MISSED by ${percent.toFixed(percent < 10 ? 1 : 0)} %`;
  return { ...common, figures: spread, isMet, verdict };
}
