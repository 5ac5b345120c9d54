import { markerText } from './marker.js';
import { shown, shownSecret, type ProblemList } from './problem.list.js';
import { URL_FIELD_OF_KIND, type TemplateFields } from './template.fields.js';
import {
  EXCEPTION_LEVELS,
  KEY,
  lengthOf,
  MAX_DESCRIPTION,
  MAX_KEY,
  MAX_NAME,
  MIN_KEY,
  NAME,
} from './template.limits.js';
import { checkUrl, urlOfEvent } from './url.checks.js';

/** A declared template, checked and complete but for its key. */
export interface DesiredTemplate {
  readonly id: string;
  /** Every field, `Description` with the mark, without `CallbackKey`. */
  readonly fields: TemplateFields;
  readonly description: string;
  /** Undefined: from the key ring. */
  readonly key: string | undefined;
}

/** What a template is checked with. */
export interface TemplateContext {
  readonly path: string;
  readonly stack: string;
  readonly id: string;
  readonly baseUrl: string | undefined;
  readonly urlToken: string | undefined;
  readonly hasKeyRing: boolean;
}

/** Checks a template and completes it. */
export function resolveTemplate(
  problems: ProblemList,
  context: TemplateContext,
  given: Record<string, unknown>,
): DesiredTemplate {
  const { path, stack, id } = context;
  const fields: Record<string, string | readonly string[]> = {
    TemplateName: checkName(problems, context, given['name']),
    ...resolveUrls(problems, context, given),
    RecordExceptionLevels: [],
  };
  const levels = problems.list(`${path}.recordExceptionLevels`, given['recordExceptionLevels']);
  levels.forEach((level, index) => {
    if (!EXCEPTION_LEVELS.includes(level as string)) {
      problems.add(
        `${path}.recordExceptionLevels[${index}]`,
        `must be one of ${EXCEPTION_LEVELS.join(', ')}, not ${shown(String(level))}.`,
      );
    }
  });
  if (fields['RecordExceptionNotifyUrl']) {
    fields['RecordExceptionLevels'] = levels.length > 0 ? (levels as string[]) : ['error'];
  } else if (levels.length > 0) {
    problems.add(`${path}.recordExceptionLevels`, 'needs the event record-exception.');
  }
  const description = checkDescription(problems, path, given['description']);
  const marker = markerText(stack, id, description, fields);
  fields['Description'] = description === '' ? marker : `${description}_${marker}`;
  const length = lengthOf(fields['Description']);
  if (length > MAX_DESCRIPTION) {
    const room = Math.max(MAX_DESCRIPTION - marker.length - 1, 0);
    problems.add(
      `${path}.description`,
      `has ${lengthOf(description)} characters; beside the mark "${marker}" there is room for ${room} of ${MAX_DESCRIPTION}: ${shown(description)}.`,
    );
  }
  return { id, fields, description, key: checkKey(problems, context, given['key']) };
}

function resolveUrls(
  problems: ProblemList,
  { path, baseUrl, urlToken }: TemplateContext,
  given: Record<string, unknown>,
): Record<string, string> {
  const fields = Object.fromEntries([...URL_FIELD_OF_KIND.values()].map((field) => [field, '']));
  const fieldOf = (at: string, kind: unknown): string | undefined => {
    const field = URL_FIELD_OF_KIND.get(String(kind));
    if (field) return field;
    problems.add(
      at,
      `${shown(String(kind))} has no URL in a callback template. Kinds: ${[...URL_FIELD_OF_KIND.keys()].join(', ')}.`,
    );
    return undefined;
  };
  const set = (at: string, field: string, url: string) => {
    if (fields[field]) problems.add(at, 'has a URL already: one per event.');
    fields[field] = url;
  };
  problems.list(`${path}.events`, given['events']).forEach((kind, index) => {
    const at = `${path}.events[${index}]`;
    const field = fieldOf(at, kind);
    if (!field) return;
    if (baseUrl === undefined) problems.add('baseUrl', `is needed by ${at}.`);
    else set(at, field, urlOfEvent(baseUrl, String(kind), urlToken));
  });
  const urls = given['urls'] === undefined ? {} : problems.object(`${path}.urls`, given['urls']);
  for (const [kind, url] of Object.entries(urls)) {
    const at = `${path}.urls.${kind}`;
    const field = fieldOf(at, kind);
    const checked = checkUrl(problems, at, url);
    if (field && checked !== undefined) set(at, field, checked);
  }
  if (!given['events'] && !given['urls']) {
    problems.add(path, 'has no URL: name at least one kind in "events", or a URL in "urls".');
  } else if (Object.values(fields).every((url) => url === '')) {
    problems.add(path, 'has no usable URL: at least one is needed.');
  }
  return fields;
}

/** A problem when a key cannot be one; undefined when it can. */
export function keyProblem(key: string): string | undefined {
  if (KEY.test(key) && key.length >= MIN_KEY && key.length <= MAX_KEY) return undefined;
  return `must be ${MIN_KEY} to ${MAX_KEY} letters and digits, not ${shownSecret(key)}.`;
}

function checkName(
  problems: ProblemList,
  { path, stack, id }: TemplateContext,
  given: unknown,
): string {
  const at = `${path}.name`;
  const name = given === undefined ? `${stack}-${id}` : problems.text(at, given, 'a text');
  if (name === undefined) return '';
  const length = lengthOf(name);
  if (length > MAX_NAME) {
    problems.add(at, `has ${length} characters, the limit is ${MAX_NAME}: ${shown(name)}.`);
  } else if (!NAME.test(name)) {
    problems.add(
      at,
      `may hold Chinese characters, letters, digits, "_" and "-" only, 1 to ${MAX_NAME}, not ${shown(name)}.`,
    );
  }
  return name;
}

function checkDescription(problems: ProblemList, path: string, given: unknown): string {
  const at = `${path}.description`;
  const description = given === undefined ? '' : problems.text(at, given, 'a text');
  if (description && !NAME.test(description)) {
    problems.add(
      at,
      `may hold Chinese characters, letters, digits, "_" and "-" only, no spaces, not ${shown(description)}.`,
    );
  }
  return description ?? '';
}

function checkKey(
  problems: ProblemList,
  { path, hasKeyRing }: TemplateContext,
  given: unknown,
): string | undefined {
  const at = `${path}.key`;
  if (given === undefined && hasKeyRing) return undefined;
  if (given === undefined) {
    problems.add(
      at,
      'is missing: give the callback key, such as ${LIVE_CALLBACK_KEY} from the environment, or a "keyFile" in which keys are kept.',
    );
    return undefined;
  }
  const key = problems.text(at, given, 'the callback key');
  const problem = key === undefined ? undefined : keyProblem(key);
  if (problem) problems.add(at, problem);
  return key;
}
