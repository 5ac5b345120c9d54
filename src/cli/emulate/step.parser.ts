import { parseValue } from '../parse-value.js';
import { UsageError } from '../cli.error.js';

/** Something that the emulator is told: what, with which options. */
export interface Step {
  readonly verb: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the first word after a verb stands for, unless it is `name=value`. */
const SUBJECT: Readonly<Record<string, string>> = {
  wait: 'for',
  fault: 'name',
  'api-fault': 'action',
};

/** Reads a step: a line such as `push room record=true`, or `{ push: { stream: room } }`. */
export function parseStep(given: unknown): Step {
  if (typeof given === 'string') return parseLine(given);
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const [entry] = entries;
  if (entries.length !== 1 || !entry) {
    throw new UsageError(
      `A step is a line such as "push room record=true", or an object with one name such as { push: { stream: room } }, not ${JSON.stringify(given)}.`,
    );
  }
  const [verb, options] = entry;
  if (options === null || options === undefined) return { verb, options: {} };
  const isObject = typeof options === 'object' && !Array.isArray(options);
  return {
    verb,
    options: isObject ? (options as Step['options']) : { [subjectOf(verb)]: options },
  };
}

function parseLine(line: string): Step {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const options: Record<string, unknown> = {};
  words.forEach((word, index) => {
    const at = word.indexOf('=');
    if (at > 0) options[word.slice(0, at)] = parseValue(word.slice(at + 1));
    else if (index === 0) options[subjectOf(verb)] = word;
    else throw new UsageError(`"${word}" in "${line.trim()}" must be name=value.`);
  });
  return { verb, options };
}

function subjectOf(verb: string): string {
  return SUBJECT[verb] ?? 'stream';
}
