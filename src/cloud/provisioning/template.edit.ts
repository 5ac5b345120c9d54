import { maskUrl } from '../api/mask.js';
import type { ProblemList } from './problem.list.js';
import type { TemplateDeclaration } from './provisioning.state.js';

/** What an edit may say of a template: all but its key, which has a way of its own. */
export type EditedTemplate = Omit<TemplateDeclaration, 'key'>;

const FIELDS = [
  'name',
  'description',
  'events',
  'urls',
  'recordExceptionLevels',
  'rules',
] as const satisfies readonly (keyof EditedTemplate)[];

/**
 * The declaration that an edit makes of the one before. Secrets of URLs were masked when they were shown:
 * one that comes back masked is the one before. The rest is checked with the whole state.
 */
export function editedTemplate(
  problems: ProblemList,
  path: string,
  before: TemplateDeclaration | undefined,
  edit: unknown,
): TemplateDeclaration {
  const { urls, ...given } = problems.object(path, edit, FIELDS);
  const edited: Record<string, unknown> = {
    ...withoutEmpty(given),
    ...(urls !== undefined && { urls: restored(problems, `${path}.urls`, before, urls) }),
  };
  for (const field of FIELDS) {
    // Whoever may edit could read the environment of the server otherwise: a name goes to the cloud.
    const known = new Set(textsOf(before?.[field]));
    if (textsOf(edited[field]).some((text) => text.includes('${') && !known.has(text))) {
      problems.add(
        `${path}.${field}`,
        'may not refer to the environment in what is new: write that into the file.',
      );
    }
  }
  const key = before?.key === undefined ? {} : { key: before.key };
  return { ...edited, ...key };
}

/** What is empty is not declared. */
function withoutEmpty(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([, value]) =>
        value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

function restored(
  problems: ProblemList,
  path: string,
  before: TemplateDeclaration | undefined,
  given: unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(problems.object(path, given)).map(([kind, url]) => {
      const old = before?.urls?.[kind];
      return [kind, old !== undefined && url === maskUrl(old) ? old : url];
    }),
  );
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
