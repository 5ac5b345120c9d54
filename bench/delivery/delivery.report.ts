import { machineLine, type Machine } from '../machine.js';
import { failures, figureTable, type Columns, type RoundOf } from '../rounds.js';
import { FORMS, IN_PROCESS } from './forms.js';
import type { DeliveryMeasurement } from './measure.js';

/** What `npm run bench:delivery` has found. */
export interface DeliveryComparison {
  readonly machine: Machine;
  /** Names and versions of what was used. */
  readonly services: readonly string[];
  readonly settings: {
    readonly seconds: number;
    readonly rate: number;
    readonly connections: number;
  };
  readonly rounds: readonly RoundOf<DeliveryMeasurement>[];
}

/** The report as Markdown. */
export function toMarkdown({ machine, services, settings, rounds }: DeliveryComparison): string {
  const { seconds, rate, connections } = settings;
  return [
    '# Delivery',
    [machineLine(machine), ...services].join(', '),
    `${rounds.length} interleaved rounds of ${seconds} s per stretch, ${connections} connections, 1 listener. Each figure is the median of the rounds, with the smallest and the largest. CPU time is per callback, of all server processes together.`,
    `## Latency at ${rate} callbacks per second`,
    'From when a callback was due to be sent to the end of its listener.',
    figureTable('Form', FORMS, rounds, LATENCY),
    '## At saturation',
    'Callbacks that were answered per second while they were sent, and deliveries that were made per second until the last one was done.',
    figureTable('Form', FORMS, rounds, SATURATION),
    `## Ratios to "${IN_PROCESS.title}"`,
    'Made within a round.',
    figureTable('Form', FORMS, rounds.map(toRatios), RATIOS),
    ...failures(rounds),
  ].join('\n\n');
}

const LATENCY: Columns<DeliveryMeasurement> = {
  'p50, ms:': ({ paced }) => paced.delivery.p50,
  'p99, ms:': ({ paced }) => paced.delivery.p99,
  'p99.9, ms:': ({ paced }) => paced.delivery.p999,
  'answer p50, ms:': ({ paced }) => paced.latency.p50,
  'answer p99, ms:': ({ paced }) => paced.latency.p99,
  'server CPU, µs:': ({ paced }) => paced.cpuMicros,
  'generator late, ms at p99:': ({ paced }) => paced.lagMs,
};

const SATURATION: Columns<DeliveryMeasurement> = {
  'callbacks/s:': ({ saturation }) => saturation.throughput,
  'deliveries/s:': ({ saturation }) => saturation.deliveries,
  'after the last answer, ms:': ({ saturation }) => saturation.drainMs,
  'server CPU, µs:': ({ saturation }) => saturation.cpuMicros,
  'database CPU, µs:': ({ saturation }) => saturation.databaseCpuMicros,
  'Redis CPU, µs:': ({ saturation }) => saturation.redisCpuMicros,
  'statements:': ({ saturation }) => saturation.statements,
};

/** The figures of a form, and those of the form that it is compared with in the same round. */
interface Pair {
  readonly form: DeliveryMeasurement;
  readonly base: DeliveryMeasurement;
}

const RATIOS: Columns<Pair> = {
  'p50:': ratio(({ paced }) => paced.delivery.p50),
  'p99:': ratio(({ paced }) => paced.delivery.p99),
  'p99.9:': ratio(({ paced }) => paced.delivery.p999),
  'callbacks/s:': ratio(({ saturation }) => saturation.throughput),
  'deliveries/s:': ratio(({ saturation }) => saturation.deliveries),
  'server CPU:': ratio(({ saturation }) => saturation.cpuMicros),
};

function ratio(read: (it: DeliveryMeasurement) => number) {
  return ({ form, base }: Pair): number => read(form) / read(base);
}

function toRatios(round: RoundOf<DeliveryMeasurement>): RoundOf<Pair> {
  const base = round.get(IN_PROCESS.name) as DeliveryMeasurement;
  return new Map([...round].map(([name, form]) => [name, { form, base }]));
}
