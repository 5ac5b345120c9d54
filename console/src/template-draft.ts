import {
  APP_NAME,
  descriptionRoom,
  EXCEPTION_LEVELS,
  HOST_NAME,
  ID,
  isCallbackUrl,
  KEY,
  lengthOf,
  MAX_APP_NAME,
  MAX_KEY,
  MAX_NAME,
  MIN_KEY,
  NAME,
} from '../../src/cloud/provisioning/template.limits.js';
import { TEMPLATE_KINDS } from './kinds.js';
import type { TextKey } from './language.js';
import type { TemplatesView, TemplateView } from './shapes.js';

export { EXCEPTION_LEVELS };

/** Where the callbacks of a kind go: nowhere, to the module, or to a URL. */
export type Target = 'none' | 'module' | 'url';

/** A template as it is being edited. */
export interface TemplateDraft {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Of a new template. */
  readonly key: string;
  readonly targets: Readonly<Record<string, Target>>;
  readonly urls: Readonly<Record<string, string>>;
  readonly levels: readonly string[];
  readonly rules: readonly { readonly domain: string; readonly appName: string }[];
}

/** What is wrong with a field: a text, and its values. */
export type Problem = readonly [key: TextKey, values?: Record<string, string | number>];
export type Problems = ReadonlyMap<string, Problem>;

export const DEFAULT_APP_NAME = 'live';

/** @param template undefined: a new one */
export function draftOf(template: TemplateView | undefined): TemplateDraft {
  const { id = '', name = '', description = '', events = [], urls = {} } = template ?? {};
  const targetOf = (kind: string): Target =>
    events.includes(kind) ? 'module' : urls[kind] === undefined ? 'none' : 'url';
  return {
    id,
    name,
    description,
    key: '',
    targets: Object.fromEntries(TEMPLATE_KINDS.map((kind) => [kind, targetOf(kind)])),
    urls,
    levels: template?.recordExceptionLevels ?? [],
    rules: (template?.rules ?? []).map(({ domain, appName = DEFAULT_APP_NAME }) => ({
      domain,
      appName,
    })),
  };
}

/** What is declared of a draft. */
export function declarationOf({ name, description, targets, urls, levels, rules }: TemplateDraft) {
  const kinds = (target: Target) => TEMPLATE_KINDS.filter((kind) => targets[kind] === target);
  const elsewhere = kinds('url').map((kind) => [kind, urls[kind] ?? ''] as const);
  return {
    name,
    description,
    events: kinds('module'),
    ...(elsewhere.length > 0 && { urls: Object.fromEntries(elsewhere) }),
    recordExceptionLevels: targets['record-exception'] === 'none' ? [] : levels,
    rules: rules.map(({ domain, appName }) => ({
      domain,
      ...(appName !== DEFAULT_APP_NAME && { appName }),
    })),
  };
}

/**
 * What of a draft is beyond the documented limits, by field. What was there before, such as a reference to
 * the environment, is the server's to judge.
 */
export function problemsOf(
  draft: TemplateDraft,
  before: TemplateDraft,
  view: TemplatesView,
  isNew: boolean,
): Problems {
  const problems = new Map<string, Problem>();
  const check = (field: string, value: string, old: string, problem: Problem | null) => {
    if (problem && (value !== old || isNew)) problems.set(field, problem);
  };
  if (isNew) check('id', draft.id, '', idProblem(draft.id, view));
  check('name', draft.name, before.name, nameProblem(draft.name));
  check('key', draft.key, '', keyProblem(draft.key));
  const room = roomOf(draft, view);
  check('description', draft.description, before.description, textProblem(draft.description, room));
  for (const kind of TEMPLATE_KINDS.filter((it) => draft.targets[it] === 'url')) {
    const url = draft.urls[kind] ?? '';
    const problem: Problem | null = isCallbackUrl(url) ? null : ['template.bad-url'];
    check(`url-${kind}`, url, before.urls[kind] ?? '', problem);
  }
  if (TEMPLATE_KINDS.every((kind) => draft.targets[kind] === 'none')) {
    problems.set('events', ['template.no-event']);
  }
  draft.rules.forEach(({ domain, appName }, at) => {
    const old = before.rules[at];
    check(`domain-${at}`, domain, old?.domain ?? '', domainProblem(domain));
    check(`app-${at}`, appName, old?.appName ?? '', appNameProblem(appName));
    const other = holderOf(draft, at, view);
    if (other !== undefined) problems.set(`domain-${at}`, ['template.bound', { template: other }]);
  });
  return problems;
}

/** Characters that the description may have beside the mark. */
export function roomOf({ id, targets }: TemplateDraft, { stack }: TemplatesView): number {
  return descriptionRoom(stack, id, targets['record-status'] !== 'none');
}

function idProblem(id: string, { templates }: TemplatesView): Problem | null {
  if (!ID.test(id)) return ['template.bad-id'];
  return templates.some((one) => one.id === id) ? ['template.taken'] : null;
}

function nameProblem(name: string): Problem | null {
  return name === '' ? null : textProblem(name, MAX_NAME);
}

function textProblem(text: string, most: number): Problem | null {
  if (text !== '' && !NAME.test(text)) return ['template.bad-characters'];
  const length = lengthOf(text);
  return length > most ? ['template.too-long', { length, most }] : null;
}

/** What is wrong with a key; nothing with an empty one: a key is made then. */
export function keyProblem(key: string): Problem | null {
  const fits = KEY.test(key) && key.length >= MIN_KEY && key.length <= MAX_KEY;
  return key === '' || fits ? null : ['template.bad-key', { least: MIN_KEY, most: MAX_KEY }];
}

function domainProblem(domain: string): Problem | null {
  return HOST_NAME.test(domain.toLowerCase()) ? null : ['template.bad-domain'];
}

function appNameProblem(appName: string): Problem | null {
  const fits = APP_NAME.test(appName) && appName.length <= MAX_APP_NAME;
  return fits ? null : ['template.bad-app', { most: MAX_APP_NAME }];
}

function nameOf({ domain, appName = DEFAULT_APP_NAME }: { domain: string; appName?: string }) {
  return `${domain.toLowerCase()}/${appName}`;
}

/** The template that has the same push domain and AppName. */
function holderOf(draft: TemplateDraft, at: number, view: TemplatesView): string | undefined {
  const wanted = nameOf(draft.rules[at] as TemplateDraft['rules'][number]);
  if (draft.rules.some((rule, other) => other < at && nameOf(rule) === wanted)) return draft.id;
  const others = view.templates.filter(({ id }) => id !== draft.id);
  return others.find(({ rules }) => rules.some((rule) => nameOf(rule) === wanted))?.id;
}
