import { createHash } from 'node:crypto';

import { textOf, WRITE_ONLY_FIELD, type TemplateFields } from './template.fields.js';

/** What the end of a template's description says: whose it is, and what was last applied. */
export interface Marker {
  readonly stack: string;
  /** Id of the template in the declared state. */
  readonly template: string;
  readonly digest: string;
  /** Whether a URL is set that cannot be read back. */
  readonly hasWriteOnly: boolean;
}

const MARKER = /(?:^|_)mgd_([a-z0-9-]+)_([a-z0-9-]+)_([0-9a-f]{12})(w?)$/;
/** The key is no part of it: a description is visible, and a hash lets short keys be guessed. */
const NOT_DIGESTED: ReadonlySet<string> = new Set(['Description', 'CallbackKey']);

/** The marker of a template. */
export function markerText(
  stack: string,
  template: string,
  description: string,
  fields: TemplateFields,
): string {
  const suffix = textOf(fields, WRITE_ONLY_FIELD) ? 'w' : '';
  return `mgd_${stack}_${template}_${digestOf(description, fields)}${suffix}`;
}

/** Reads the marker; undefined for a template that is somebody else's. */
export function markerOf(fields: TemplateFields): Marker | undefined {
  const [, stack, template, digest, suffix] = MARKER.exec(textOf(fields, 'Description')) ?? [];
  if (stack === undefined || template === undefined || digest === undefined) return undefined;
  return { stack, template, digest, hasWriteOnly: suffix === 'w' };
}

/** The description without the marker. */
export function plainDescription(fields: TemplateFields): string {
  return textOf(fields, 'Description').replace(MARKER, '');
}

/** Identifies a configuration, write-only fields included. */
export function digestOf(description: string, fields: TemplateFields): string {
  const set = Object.keys(fields)
    .filter((name) => !NOT_DIGESTED.has(name) && textOf(fields, name) !== '')
    .toSorted()
    .map((name) => [name, textOf(fields, name)]);
  const text = JSON.stringify([description, set]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
