import type { CallbackAccount } from './callback-account.js';
import { markerOf } from './marker.js';
import type { DesiredKey } from './planner.js';
import type { PlanStep } from './provisioning.plan.js';
import type { DesiredTemplate } from './template.checks.js';
import {
  NEWER_FIELDS,
  textOf,
  WRITE_ONLY_FIELD,
  type CloudTemplate,
  type TemplateFields,
} from './template.fields.js';

/** A template with the key that it is to have. */
export interface KeyedTemplate extends DesiredTemplate {
  readonly desiredKey: DesiredKey;
}

/** Carries out the steps of a plan, one after the other. */
export class PlanExecutor {
  /** Ids of templates that exist, by id of the declared state. */
  private readonly ids: Map<string, number>;

  constructor(
    private readonly account: CallbackAccount,
    private readonly stack: string,
    private readonly templates: readonly KeyedTemplate[],
    private readonly own: ReadonlyMap<string, CloudTemplate>,
    /** Told of the key of a template that another machine created at the same time, and which stays. */
    private readonly accept: (template: string, key: string) => Promise<void> = async () => {},
  ) {
    this.ids = new Map([...own].map(([template, { id }]) => [template, id]));
  }

  /** @throws CloudApiError; what is done stays done, and a further plan goes on from there */
  async run(step: PlanStep): Promise<void> {
    switch (step.action) {
      case 'create-template':
        return this.createTemplate(step.template);
      case 'modify-template':
        return this.modifyTemplate(step.template);
      case 'delete-template':
        return this.account.deleteTemplate(step.templateId);
      case 'delete-rule':
        return this.account.deleteRule(step);
      case 'create-rule':
        return this.createRule(step);
      case 'repoint-rule':
        await this.account.deleteRule(step);
        return this.createRule(step);
      default:
        step satisfies never;
    }
  }

  private async createTemplate(id: string): Promise<void> {
    const { fields, desiredKey } = this.templateOf(id);
    const set = Object.entries({ ...fields, CallbackKey: desiredKey.key ?? '' }).filter(
      ([, value]) => value.length > 0,
    );
    const isIt = (found: CloudTemplate) => {
      const marker = markerOf(found.fields);
      return marker?.stack === this.stack && marker.template === id;
    };
    const made = await this.account.createTemplate(Object.fromEntries(set), isIt);
    this.ids.set(id, await this.withoutRival(id, made, isIt));
  }

  /** Of two that were created at once the earlier one stays: everybody decides the same. */
  private async withoutRival(
    template: string,
    made: number,
    isIt: (template: CloudTemplate) => boolean,
  ): Promise<number> {
    const [first] = (await this.account.read()).templates
      .filter(isIt)
      .toSorted((one, other) => one.id - other.id);
    if (!first || first.id >= made) return made;
    await this.accept(template, textOf(first.fields, 'CallbackKey'));
    await this.account.deleteTemplate(made);
    return first.id;
  }

  private async modifyTemplate(id: string): Promise<void> {
    const current = this.own.get(id);
    if (!current) return;
    const { fields, desiredKey } = this.templateOf(id);
    await this.account.modifyTemplate(current.id, modification(current, fields, desiredKey));
  }

  private async createRule(rule: {
    template: string;
    domain: string;
    appName: string;
  }): Promise<void> {
    const templateId = this.ids.get(rule.template);
    if (templateId === undefined) throw new Error(`Template ${rule.template} was not created.`);
    await this.account.createRule({ domain: rule.domain, appName: rule.appName, templateId });
  }

  private templateOf(id: string): KeyedTemplate {
    const template = this.templates.find((one) => one.id === id);
    if (!template) throw new Error(`Template ${id} is not declared.`);
    return template;
  }
}

/**
 * The full set of fields, empty where they are to be cleared: whether one that is left out is kept is
 * not documented. Fields that an endpoint may not know are sent only when there is something to say.
 */
export function modification(
  current: CloudTemplate,
  desired: TemplateFields,
  { key = '', alternative }: DesiredKey,
): TemplateFields {
  const currentKey = textOf(current.fields, 'CallbackKey');
  const fields = Object.entries(desired).filter(
    ([name]) => !NEWER_FIELDS.has(name) || textOf(desired, name) !== '' || isSet(current, name),
  );
  const isKept = alternative !== undefined && currentKey === alternative;
  return { ...Object.fromEntries(fields), CallbackKey: isKept ? currentKey : key };
}

function isSet({ fields }: CloudTemplate, name: string): boolean {
  if (name === WRITE_ONLY_FIELD) return markerOf(fields)?.hasWriteOnly === true;
  return textOf(fields, name) !== '';
}
