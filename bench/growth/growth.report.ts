import { machineLine, type Machine } from '../machine.js';
import { median, spreadOf } from '../statistics.js';
import { number, range, table, type Cell } from '../table.js';
import { judgeFigures } from '../targets.js';
import type { Cost, Growth } from './measure.js';

/** What a cost at the largest size may be, compared with that at the smallest. */
const BOUND = 1.5;

/** The report as Markdown. */
export function toMarkdown(machine: Machine, growths: readonly Growth[]): string {
  return [
    '# Growth',
    machineLine(machine),
    'Each figure is the median of the rounds, with the smallest and the largest. The query plans are in `plans/`.',
    ...growths.flatMap((growth) => [`## ${growth.database}`, ...tableOf(growth)]),
  ].join('\n\n');
}

function tableOf({ sizes, costs, problems }: Growth): string[] {
  const headings = [
    'Cost',
    ...sizes.map((size) => `${number(size)} rows:`),
    'largest ÷ smallest:',
    'Verdict',
  ];
  return [table(headings, costs.map(rowOf)), ...problems.map((line) => `FAILED: ${line}`)];
}

function rowOf({ name, unit, values }: Cost): Cell[] {
  const ratio = median(values.at(-1) ?? []) / median(values[0] ?? []);
  const figures = Number.isFinite(ratio) ? [ratio] : [];
  const { verdict } = judgeFigures({ name, bound: { atMost: BOUND } }, figures);
  return [`${name}, ${unit}`, ...values.map((of) => range(spreadOf(of))), ratio, verdict];
}
