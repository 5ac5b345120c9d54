import type { Contender } from './contenders.js';
import { machine, machineLine } from './machine.js';
import { progress, writeReport } from './report.js';
import { Subject, type Bench } from './subject.js';
import { number, table } from './table.js';
import { judgeFigures, type Verdict } from './targets.js';

/** What to send. */
export interface MemoryOptions {
  readonly contenders: readonly Contender[];
  readonly callbacks: number;
  /** Folder of the report. */
  readonly out: string;
}

/** Resident memory of one contender. */
interface Course {
  readonly contender: string;
  readonly title: string;
  readonly points: readonly {
    readonly callbacks: number;
    readonly rssMb: number;
    readonly heapMb: number;
  }[];
  readonly verdict: Verdict;
  readonly problems: readonly string[];
}

const FIRST = 10_000;
const STEPS = 10;
const BYTES_PER_MB = 1e6;
/** 1,000,000 callbacks at 500 per second are sent by then. */
const LONGEST_SECONDS = 2_000;

/**
 * Follows the resident memory from 10,000 callbacks to the end.
 *
 * @returns whether every callback was kept and every answer right
 */
export async function measureMemory(bench: Bench, options: MemoryOptions): Promise<boolean> {
  const courses: Course[] = [];
  for (const contender of options.contenders) {
    courses.push(await follow(contender, bench, options.callbacks));
  }
  const markdown = [
    '# Memory',
    machineLine(machine()),
    'Resident memory of the server process, when the deliveries of what was sent have ended.',
    table(
      [
        'Contender',
        `after ${number(firstOf(options.callbacks))}, MB:`,
        `after ${number(options.callbacks)}, MB:`,
        'growth, MB:',
        'Verdict',
      ],
      courses.map(({ title, points, verdict }) => [
        title,
        points[0]?.rssMb ?? null,
        points.at(-1)?.rssMb ?? null,
        verdict.figures?.median ?? null,
        verdict.verdict,
      ]),
    ),
    '## Course',
    ...courses.map(({ title, points }) =>
      table(
        [title, 'resident, MB:', 'heap, MB:'],
        points.map(({ callbacks, rssMb, heapMb }) => [number(callbacks), rssMb, heapMb]),
      ),
    ),
    ...courses.flatMap(({ title, problems }) =>
      problems.map((line) => `FAILED, ${title}: ${line}`),
    ),
  ].join('\n\n');
  writeReport(options.out, 'memory', markdown, { machine: machine(), courses });
  return courses.every(({ problems }) => problems.length === 0);
}

async function follow(contender: Contender, bench: Bench, callbacks: number): Promise<Course> {
  await using subject = await Subject.start(contender, bench);
  const points: Course['points'][number][] = [];
  let sent = 0;
  for (const goal of goalsOf(callbacks)) {
    const load = { rate: null, seconds: LONGEST_SECONDS, count: goal - sent };
    sent += (await subject.stretch(load)).answered;
    const { rss, heapUsed } = await subject.usage();
    points.push({ callbacks: sent, rssMb: rss / BYTES_PER_MB, heapMb: heapUsed / BYTES_PER_MB });
    progress(`${contender.name}: ${number(sent)} callbacks, ${number(rss / BYTES_PER_MB)} MB`);
  }
  const problems = await subject.verify();
  if (sent !== callbacks) problems.push(`${sent} of ${callbacks} callbacks were acknowledged`);
  const growth = (points.at(-1)?.rssMb ?? NaN) - (points[0]?.rssMb ?? NaN);
  const verdict = judgeFigures(
    { name: 'growth of the resident memory', bound: { atMost: 64 }, unit: 'MB' },
    [growth],
  );
  return { contender: contender.name, title: contender.title, points, verdict, problems };
}

function firstOf(callbacks: number): number {
  return Math.min(FIRST, Math.ceil(callbacks / STEPS));
}

function goalsOf(callbacks: number): number[] {
  const steps = Array.from({ length: STEPS }, (_, n) => Math.round((callbacks * (n + 1)) / STEPS));
  return [...new Set([firstOf(callbacks), ...steps])];
}
