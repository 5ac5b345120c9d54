import type { Contender } from './contenders.js';
import { machineLine, type Machine } from './machine.js';
import { bothMicros, type Measurement } from './measurement.js';
import { failures, figureTable, spread, type Columns } from './rounds.js';
import { range, table } from './table.js';
import type { Round, Verdict } from './targets.js';

/** What `npm run bench` has found. */
export interface Comparison {
  readonly machine: Machine;
  readonly databases: readonly string[];
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly connections: number;
  };
  readonly contenders: readonly Contender[];
  readonly rounds: readonly Round[];
  readonly verdicts: readonly Verdict[];
}

/** The report as Markdown. */
export function toMarkdown(comparison: Comparison): string {
  const { machine, databases, settings } = comparison;
  const { rounds, seconds, connections } = settings;
  return [
    '# Comparison',
    [machineLine(machine), ...databases].join(', '),
    `${rounds} interleaved rounds of ${seconds} s per stretch, ${connections} connections. Each figure is the median of the rounds, with the smallest and the largest.`,
    '## Targets',
    targets(comparison),
    '## Ratios',
    ratios(comparison),
    '## At saturation',
    saturation(comparison),
    '## At half of its own peak',
    half(comparison),
    '## Memory and deliveries',
    memory(comparison),
    ...failures(comparison.rounds),
  ].join('\n\n');
}

function targets({ verdicts }: Comparison): string {
  return table(
    ['Target', 'Bound', 'Measured:', 'Verdict'],
    verdicts.map(({ name, bound, figures, verdict }) => [name, bound, range(figures), verdict]),
  );
}

/** Ratios within a round, so that what slows a whole round down cancels out. */
function ratios({ contenders, rounds }: Comparison): string {
  const to = (name: string, of: Contender, read: (it: Measurement) => number) =>
    range(
      spread(rounds, (round) => {
        const [above, below] = [round.get(of.name), round.get(name)];
        return above && below && read(above) / read(below);
      }),
    );
  return table(
    [
      'Contender',
      'CPU ÷ empty endpoint:',
      'throughput ÷ empty endpoint:',
      'throughput ÷ hand-written:',
      'p99 at half peak ÷ hand-written:',
    ],
    contenders.map((contender) => {
      const empty = contender.adapter === 'express' ? 'empty-express' : 'empty';
      const byHand = contender.adapter === 'express' ? 'handwritten-express' : 'handwritten';
      return [
        contender.title,
        to(empty, contender, (it) => it.saturation.cpuMicros),
        to(empty, contender, (it) => it.saturation.throughput),
        to(byHand, contender, (it) => it.saturation.throughput),
        to(byHand, contender, (it) => it.half.latency.p99),
      ];
    }),
  );
}

function saturation(comparison: Comparison): string {
  return perContender(comparison, {
    'callbacks/s:': (it) => it.saturation.throughput,
    'server CPU, µs:': (it) => it.saturation.cpuMicros,
    'database CPU, µs:': (it) => it.saturation.databaseCpuMicros,
    'both, µs:': (it) => bothMicros(it),
    'p50, ms:': (it) => it.saturation.latency.p50,
    'p99, ms:': (it) => it.saturation.latency.p99,
    'p99.9, ms:': (it) => it.saturation.latency.p999,
  });
}

function half(comparison: Comparison): string {
  return perContender(comparison, {
    'callbacks/s:': (it) => it.half.rate,
    'server CPU, µs:': (it) => it.half.cpuMicros,
    'p50, ms:': (it) => it.half.latency.p50,
    'p99, ms:': (it) => it.half.latency.p99,
    'p99.9, ms:': (it) => it.half.latency.p999,
    'generator late, ms at p99:': (it) => it.half.lagMs,
  });
}

function memory(comparison: Comparison): string {
  return perContender(comparison, {
    'resident at start, MB:': (it) => it.rssStartMb,
    'at end, MB:': (it) => it.rssEndMb,
    'largest backlog:': (it) =>
      it.saturation.backlog ? Math.max(0, ...it.saturation.backlog.samples) : undefined,
    'growth of the backlog:': (it) => it.saturation.backlog?.growth,
    'deliveries after the last answer, ms:': (it) =>
      it.saturation.backlog ? it.saturation.drainMs : undefined,
  });
}

function perContender({ contenders, rounds }: Comparison, columns: Columns<Measurement>): string {
  return figureTable('Contender', contenders, rounds, columns);
}
