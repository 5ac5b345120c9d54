import type { EventDefinition } from '../../events/event-definition.js';
import { EVENT_DEFINITIONS } from '../../events/event-definitions.js';

/** Notify URL fields of a template (docs/protocol.md, 1.2), the deprecated one included. */
export const URL_FIELDS = [
  'StreamBeginNotifyUrl',
  'StreamEndNotifyUrl',
  'StreamMixNotifyUrl',
  'RecordNotifyUrl',
  'RecordStatusNotifyUrl',
  'RecordExceptionNotifyUrl',
  'SnapshotNotifyUrl',
  'PornCensorshipNotifyUrl',
  'PushExceptionNotifyUrl',
  'AudioAuditNotifyUrl',
] as const;

type UrlField = (typeof URL_FIELDS)[number];

/** What a caller gives for a template: fields left out are not set. */
export type TemplateInput = Partial<
  Record<UrlField | 'TemplateName' | 'Description' | 'CallbackKey', string>
> & { readonly RecordExceptionLevels?: readonly string[] };

/** A callback template as the account holds it. */
export interface CallbackTemplate {
  readonly id: number;
  readonly fields: TemplateInput;
}

/** A callback rule: a push domain and AppName bound to a template. */
export interface CallbackRule {
  /** In lower case. */
  readonly domain: string;
  /** Empty for the whole domain. */
  readonly appName: string;
  readonly templateId: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

const DEFINITIONS: readonly EventDefinition[] = EVENT_DEFINITIONS;
const FIELD_OF_KIND = new Map(
  DEFINITIONS.map(({ kind, notifyUrlField }) => [kind, notifyUrlField]),
);

/** The URL of a kind of callback; undefined when none is set. */
export function urlOfKind({ fields }: CallbackTemplate, kind: string): string | undefined {
  const field = FIELD_OF_KIND.get(kind) as UrlField | undefined;
  return (field && fields[field]) || undefined;
}
