import type { EventDefinition } from '../../events/event-definition.js';
import { EVENT_DEFINITIONS } from '../../events/event-definitions.js';
import { EXCEPTION_LEVELS } from './template.limits.js';

const DEFINITIONS: readonly EventDefinition[] = EVENT_DEFINITIONS;

/** Kinds whose URL a callback template holds, with the field that does. */
export const URL_FIELD_OF_KIND: ReadonlyMap<string, string> = new Map(
  DEFINITIONS.flatMap(({ kind, notifyUrlField }): [string, string][] =>
    notifyUrlField ? [[kind, notifyUrlField]] : [],
  ),
);

/** The read model lacks it, so that a change by others cannot be seen. */
export const WRITE_ONLY_FIELD = 'RecordStatusNotifyUrl';

/** Fields that international endpoints may refuse: sent only where there is something to say. */
export const NEWER_FIELDS: ReadonlySet<string> = new Set([
  WRITE_ONLY_FIELD,
  'AudioAuditNotifyUrl',
  'RecordExceptionNotifyUrl',
  'RecordExceptionLevels',
]);

/** Fields of a template by their names in the API; what is unset is an empty text or list. */
export type TemplateFields = Readonly<Record<string, string | readonly string[]>>;

/** A template as the cloud shows it. */
export interface CloudTemplate {
  readonly id: number;
  readonly fields: TemplateFields;
}

/** A rule as the cloud shows it. */
export interface CloudRule {
  /** In lower case. */
  readonly domain: string;
  readonly appName: string;
  readonly templateId: number;
}

/** What the account holds. */
export interface CloudAccount {
  readonly templates: readonly CloudTemplate[];
  readonly rules: readonly CloudRule[];
}

/** A field as text; empty when it is unset. */
export function textOf(fields: TemplateFields, name: string): string {
  const value = fields[name] ?? '';
  return typeof value === 'string' ? value : value.toSorted().join(',');
}

/** Fields in which two versions of a template differ; what cannot be read is not among them. */
export function differingFields(current: TemplateFields, desired: TemplateFields): string[] {
  return Object.keys(desired).filter((name) => {
    if (name === WRITE_ONLY_FIELD) return false;
    const value = current[name];
    // The documents name levels for reading that cannot be written: no comparison is possible.
    if (Array.isArray(value) && value.some((level) => !EXCEPTION_LEVELS.includes(String(level)))) {
      return false;
    }
    return textOf(current, name) !== textOf(desired, name);
  });
}
