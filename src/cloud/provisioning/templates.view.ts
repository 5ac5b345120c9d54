import { maskUrl } from '../api/mask.js';
import type { DriftReport } from './drift.js';
import type { ProvisioningPlan } from './provisioning.plan.js';
import type { RuleDeclaration } from './provisioning.state.js';
import type { WrittenTemplate } from './state.document.js';
import {
  textOf,
  URL_FIELD_OF_KIND,
  type CloudAccount,
  type CloudTemplate,
} from './template.fields.js';

/** Where the key of a template is; nobody is shown the key. */
export type KeyPlace =
  /** In the state file, or in a variable that it names. */
  | 'declared'
  | 'key-file'
  /** One is made when the template is applied. */
  | 'to-be-made';

/** A template as it is declared, fit to be shown: references as they are written, secrets of URLs masked. */
export interface DeclaredTemplateView {
  readonly id: string;
  /** Empty: `<stack>-<id>`. */
  readonly name: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly urls: Readonly<Record<string, string>>;
  readonly recordExceptionLevels: readonly string[];
  readonly rules: readonly RuleDeclaration[];
  readonly key: KeyPlace;
}

/** A template of the account that is not of this stack. */
export interface ForeignTemplate {
  readonly templateId: number;
  readonly name: string;
  /** Kinds for which it has a URL. */
  readonly kinds: readonly string[];
  /** Push domains and AppNames that are bound to it. */
  readonly rules: readonly { readonly domain: string; readonly appName: string }[];
}

/** What the account lacks of the declared state, from one look at it. */
export interface TemplateComparison {
  readonly plan: ProvisioningPlan;
  readonly drift: DriftReport;
  readonly foreign: readonly ForeignTemplate[];
}

/** The same, as it was seen. */
export interface ComparedTemplates extends TemplateComparison {
  readonly at: Date;
  /** Says what there was to do. */
  readonly seen: string;
}

/** What is declared, and what of it the account lacks. */
export interface TemplatesView {
  readonly stack: string;
  /** Whether events can go to the module: without, each URL is written out. */
  readonly hasBaseUrl: boolean;
  /** Whether keys can be kept, made and rotated. */
  readonly hasKeyFile: boolean;
  /** Of the state file. */
  readonly revision: string;
  readonly templates: readonly DeclaredTemplateView[];
  /** Null where the cloud did not answer. */
  readonly compared: ComparedTemplates | null;
  /** Why there is none. */
  readonly failure: string | null;
}

/** @param isKept whether the key file has its key */
export function templateView(
  id: string,
  written: WrittenTemplate,
  isKept: boolean,
): DeclaredTemplateView {
  const { name = '', description = '', events = [], urls = {}, rules = [] } = written;
  return {
    id,
    name,
    description,
    events,
    urls: Object.fromEntries(Object.entries(urls).map(([kind, url]) => [kind, maskUrl(url)])),
    recordExceptionLevels: written.recordExceptionLevels ?? [],
    rules,
    key: written.key !== undefined ? 'declared' : isKept ? 'key-file' : 'to-be-made',
  };
}

/** @param own templates of this stack */
export function foreignTemplates(
  { templates, rules }: CloudAccount,
  own: ReadonlySet<CloudTemplate>,
): ForeignTemplate[] {
  return templates
    .filter((template) => !own.has(template))
    .map(({ id, fields }) => ({
      templateId: id,
      name: textOf(fields, 'TemplateName'),
      kinds: [...URL_FIELD_OF_KIND].flatMap(([kind, field]) =>
        textOf(fields, field) === '' ? [] : [kind],
      ),
      rules: rules
        .filter(({ templateId }) => templateId === id)
        .map(({ domain, appName }) => ({ domain, appName })),
    }));
}
