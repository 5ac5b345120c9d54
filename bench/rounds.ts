import type { Contender } from './contenders.js';
import { spreadOf, type Spread } from './statistics.js';
import { number, range, table } from './table.js';

/** What was measured in one round, by contender. */
export type RoundOf<M> = ReadonlyMap<string, M>;

/** How the columns of a table read a measurement. */
export type Columns<M> = Record<string, (it: M) => number | null | undefined>;

/** What a measurement says of itself. */
interface Checked {
  readonly contender: string;
  readonly round: number;
  /** What went wrong; a run with any has failed. */
  readonly problems: readonly string[];
}

/** Those that set a pace first; the others begin with another one in each round. */
export function inOrder(contenders: readonly Contender[], round: number): Contender[] {
  const paces = new Set(contenders.map(({ paceOf }) => paceOf));
  const first = contenders.filter(({ name }) => paces.has(name));
  const others = contenders.filter(({ name }) => !paces.has(name));
  const turn = others.length === 0 ? 0 : (round - 1) % others.length;
  return [...first, ...others.slice(turn), ...others.slice(0, turn)];
}

/** Whether nothing went wrong in any round. */
export function isClean(rounds: readonly RoundOf<Checked>[]): boolean {
  return failures(rounds).length === 0;
}

/** What went wrong, as a section of a report; nothing when all went well. */
export function failures(rounds: readonly RoundOf<Checked>[]): string[] {
  const found = rounds.flatMap((round) =>
    [...round.values()].flatMap(({ contender, round: n, problems }) =>
      problems.map((line) => `- ${contender}, round ${number(n)}: ${line}`),
    ),
  );
  return found.length === 0 ? [] : ['## Failed', found.join('\n')];
}

/** A table with a row for each contender. */
export function figureTable<M>(
  heading: string,
  contenders: readonly Contender[],
  rounds: readonly RoundOf<M>[],
  columns: Columns<M>,
): string {
  const rows = contenders.map(({ name, title }) => [
    title,
    ...Object.values(columns).map((read) =>
      range(
        spread(rounds, (round) => {
          const found = round.get(name);
          return found && read(found);
        }),
      ),
    ),
  ]);
  return table([heading, ...Object.keys(columns)], rows);
}

/** Over the rounds in which there is a figure; null when there is none. */
export function spread<M>(
  rounds: readonly RoundOf<M>[],
  read: (round: RoundOf<M>) => number | null | undefined,
): Spread | null {
  const values = rounds.map(read).filter((value) => typeof value === 'number');
  return values.length === 0 ? null : spreadOf(values);
}
