import type { Spread } from './statistics.js';

/** A cell: a number is written with three significant digits. */
export type Cell = string | number | null;

/** A Markdown table; columns after the first are aligned to the right where the heading ends in a colon. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [
    headings.map((heading) => heading.replace(/:$/, '')),
    ...rows.map((row) => row.map(text)),
  ];
  const rule = headings.map((heading) => (heading.endsWith(':') ? '---:' : '---'));
  const [head = [], ...body] = cells;
  return [line(head), line(rule), ...body.map(line)].join('\n');
}

function line(row: readonly string[]): string {
  return `| ${row.join(' | ')} |`;
}

/** `median (min–max)`. */
export function range(spread: Spread | null | undefined): string {
  if (!spread) return '–';
  const { min, median, max } = spread;
  if (min === max) return number(median);
  return `${number(median)} (${number(min)}–${number(max)})`;
}

/** Three significant digits, and no exponent. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  if (size === 0) return '0';
  return size < 0.001 ? '< 0.001' : String(Number(value.toPrecision(3)));
}

function text(cell: Cell): string {
  if (cell === null) return '–';
  return (typeof cell === 'number' ? number(cell) : cell).replaceAll('|', '\\|');
}
