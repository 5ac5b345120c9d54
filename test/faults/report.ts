import { cpus, release, totalmem, type } from 'node:os';

import type { Life } from './application-process.js';
import type { Outcome } from './campaign.js';
import { BOUNDS, lineOf, type Figures } from './figures.js';
import type { Outage } from './outages.js';
import type { Plan } from './schedule.js';

const GIBIBYTE = 1024 ** 3;

/** The figures of a run. */
export function figuresOf(outcome: Outcome): Figures {
  const { comparison, repeats, order, lives, outages, sender, kills, redisFaults, stopMs } =
    outcome;
  const repeated = [...repeats.byReason.values()].reduce((sum, count) => sum + count, 0);
  return {
    acked: comparison.acked,
    lost: comparison.lost.count,
    kills,
    outages: outages.length,
    ...(redisFaults && { redisFaults: redisFaults.length }),
    crashes: lives.filter(({ end }) => end?.startsWith('crashed')).length,
    wrongAnswers: sender.wrong.length,
    slowestAnswerMs: sender.slowestMs,
    recoveryMs: Math.max(0, ...outages.filter(({ hadKill }) => !hadKill).map(recoveryOf)),
    stopMs,
    open: comparison.open.count,
    dead: comparison.dead.count,
    undelivered: comparison.undelivered.count,
    repeated: repeated + repeats.unexplained.count,
    unexplained: repeats.unexplained.count,
    wrongEffects: comparison.wrongEffects.count,
    doubled: comparison.doubled.count,
    misordered: order.misordered.count,
    ...(lives.some(({ node }) => node > 0) && { misorderedAtOnce: order.atOnce.count }),
    misorderedAcrossKills: order.acrossKills.count,
    misorderedAcrossOutages: order.acrossOutages.count,
  };
}

/** Time from a database that is back to the first 200, ms; infinite when none came. */
function recoveryOf({ backAt, recoveredAt }: Outage): number {
  if (recoveredAt === null || backAt === null) return Infinity;
  return Math.max(0, recoveredAt - backAt);
}

/** What happened, as a section of Markdown. */
export function sectionOf(
  name: string,
  plan: Plan,
  outcome: Outcome,
  breaches: readonly string[],
): string {
  const { sender, lives, outages, redisFaults, repeats, sentFor, drainedFor } = outcome;
  const figures = figuresOf(outcome);
  return [
    `## ${name}`,
    `\`${lineOf(figures)}\``,
    breaches.length === 0 ? 'Every promise held.' : `**Not held: ${breaches.join('; ')}.**`,
    `Asked for: ${plan.callbacks || 'any number of'} callbacks, ${plan.kills} kills, ${plan.outages} outages, within ${plan.duration} s. ` +
      `Callbacks were sent for ${sentFor.toFixed(0)} s (${(figures.acked / sentFor).toFixed(0)} acknowledged per second, faults included); ` +
      `the listeners were done ${drainedFor.toFixed(1)} s after the last one. ` +
      `Database: ${outcome.databaseVersion}.`,
    '### Answers',
    table(
      ['answer', 'requests'],
      [...sender.answers].map(([answer, count]) => [String(answer), count]),
    ),
    `503 without an outage: ${sender.refusedWithoutOutage}.`,
    '### Ends of the application',
    table(['end', 'lives', 'median start, ms'], livesByEnd(lives)),
    '### Outages of the database',
    table(
      [
        'fault',
        'times',
        'longest, ms',
        '503 meanwhile',
        'slowest recovery, ms',
        'with a kill in it',
      ],
      outagesByKind(outages),
    ),
    ...(redisFaults
      ? ['### Faults of Redis', table(['fault', 'times'], timesOf(redisFaults))]
      : []),
    '### Repeated runs',
    table(['explained by', 'runs'], [...repeats.byReason]),
    examplesOf(outcome),
  ].join('\n\n');
}

/** Title and machine. */
export function headOf(): string {
  const [cpu] = cpus();
  return [
    '# Fault run',
    `${new Date().toISOString()}, Node.js ${process.version}, ${type()} ${release()}, ${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${(totalmem() / GIBIBYTE).toFixed(0)} GiB.`,
    `Bounds: ${Object.entries(BOUNDS)
      .map(([figure, bound]) => `${figure} ${bound}`)
      .join(', ')}.`,
  ].join('\n\n');
}

function livesByEnd(lives: readonly Life[]): (string | number)[][] {
  const ends = groupBy(lives, ({ end }) => end ?? 'running');
  return [...ends].map(([end, all]) => {
    const starts = all
      .flatMap(({ readyAt, startedAt }) => (readyAt === null ? [] : [readyAt - startedAt]))
      .toSorted((a, b) => a - b);
    return [end, all.length, Math.round(starts[starts.length >> 1] ?? NaN) || ''];
  });
}

function timesOf(kinds: readonly string[]): (string | number)[][] {
  return [...groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]);
}

function outagesByKind(outages: readonly Outage[]): (string | number)[][] {
  const kinds = groupBy(outages, ({ kind }) => kind);
  return [...kinds].map(([kind, all]) => {
    const plain = all.filter(({ hadKill }) => !hadKill);
    return [
      kind,
      all.length,
      Math.round(Math.max(...all.map(({ beganAt, backAt }) => (backAt ?? Infinity) - beganAt))),
      all.reduce((sum, { refusals }) => sum + refusals, 0),
      plain.length > 0 ? Math.round(Math.max(...plain.map(recoveryOf))) : '',
      all.length - plain.length,
    ];
  });
}

function examplesOf({ comparison, repeats, order, sender }: Outcome): string {
  const { acked: _acked, ...wrong } = comparison;
  const samples = {
    ...wrong,
    unexplained: repeats.unexplained,
    ...order,
    wrongAnswers: { count: sender.wrong.length, examples: sender.wrong.slice(0, 10) },
  };
  return Object.entries(samples)
    .filter(([, { count }]) => count > 0)
    .map(([title, { count, examples }]) =>
      [`### ${title}: ${count}`, ...examples.map((example) => `- ${example}`)].join('\n'),
    )
    .join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
