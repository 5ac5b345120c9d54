import { InvalidArgumentError, Option } from 'commander';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a text such as `500ms`, `10s`, `5m`, `2h` or `1d`; undefined when it is none. */
export function durationOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : UNITS_MS[unit];
  return factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** Reads a duration above zero, in ms. */
export function parseDuration(text: string): number {
  const ms = durationOf(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It must be a duration such as 500ms, 10s, 5m or 2h.');
}

/** An option that is a duration. */
export function durationOption(flags: string, description: string, byDefault: string): Option {
  return new Option(flags, description)
    .argParser(parseDuration)
    .default(durationOf(byDefault), byDefault);
}

/** Makes a reader of integers within a range. */
export function integerBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
  };
}

/** Reads an http or https URL. */
export function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be a URL that begins with http:// or https://.');
}

/** Reads a time: ISO 8601, or how long ago it was, such as `2h`. */
export function parseTime(text: string): Date {
  const ago = durationOf(text);
  if (ago !== undefined) return new Date(Date.now() - ago);
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError(
    'It must be a time such as 2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 7d.',
  );
}

/** Collects an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
