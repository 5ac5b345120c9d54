import type { DesiredState } from './desired-state.js';
import { OLD_KEY_MINUTES } from './key-ring.js';
import { digestOf, markerOf, plainDescription } from './marker.js';
import type { FieldChange, PlanOptions, PlanStep, ProvisioningPlan } from './provisioning.plan.js';
import type { DesiredRule } from './rule.checks.js';
import type { DesiredTemplate } from './template.checks.js';
import {
  differingFields,
  textOf,
  WRITE_ONLY_FIELD,
  type CloudAccount,
  type CloudTemplate,
} from './template.fields.js';
import { MAX_TEMPLATES } from './template.limits.js';
import { MASK, maskUrl } from '../api/mask.js';

/** The key that a template should have, and those that it may have. */
export interface DesiredKey {
  /** Undefined: will be made. */
  readonly key: string | undefined;
  /** Besides `key`: a rotation is under way. */
  readonly alternative?: string;
}

/** Keys by id of the declared template. */
export type DesiredKeys = ReadonlyMap<string, DesiredKey>;

/** Templates of ours, by id of the declared state; several under one id should not be. */
export function ownTemplates(
  stack: string,
  { templates }: CloudAccount,
): Map<string, CloudTemplate[]> {
  const own = new Map<string, CloudTemplate[]>();
  for (const template of templates) {
    const marker = markerOf(template.fields);
    if (marker?.stack !== stack) continue;
    own.set(marker.template, [...(own.get(marker.template) ?? []), template]);
  }
  return own;
}

/** Compares what is declared with what is there. */
export function planChanges(
  desired: DesiredState,
  keys: DesiredKeys,
  account: CloudAccount,
  options: PlanOptions,
): ProvisioningPlan {
  const own = ownTemplates(desired.stack, account);
  const blockers = duplicates(desired.stack, own);
  if (blockers.length > 0) return { steps: [], blockers, notes: [] };
  const notes: string[] = [];
  const idOf = (template: string) => own.get(template)?.[0]?.id;
  const templateSteps = desired.templates.flatMap((template) =>
    templateStep(template, keys.get(template.id), own.get(template.id)?.[0], notes),
  );
  const declared = new Set(desired.templates.map(({ id }) => id));
  const deletions = [...own].flatMap(([template, [found]]): PlanStep[] =>
    found && !declared.has(template)
      ? [{ action: 'delete-template', template, templateId: found.id }]
      : [],
  );
  const created = templateSteps.filter(({ action }) => action === 'create-template').length;
  if (account.templates.length + created > MAX_TEMPLATES) {
    blockers.push(
      `The account has ${account.templates.length} templates, and ${created} more would exceed ${MAX_TEMPLATES}: delete some that are not used.`,
    );
  }
  const bound = desired.rules.flatMap((rule) =>
    ruleStep(rule, idOf(rule.template), account, own, options, blockers),
  );
  const steps = [
    ...templateSteps,
    ...undeclaredRules(desired.rules, account, own),
    ...bound,
    ...deletions,
  ];
  if (steps.length > 0) notes.push('Changes may take up to 10 minutes to reach callbacks.');
  return { steps, blockers, notes };
}

/** What takes everything of ours away: rules, then templates. */
export function planDestruction(stack: string, account: CloudAccount): ProvisioningPlan {
  const own = ownTemplates(stack, account);
  const blockers = duplicates(stack, own);
  if (blockers.length > 0) return { steps: [], blockers, notes: [] };
  const deletions = [...own].flatMap(([template, found]): PlanStep[] =>
    found.map(({ id }) => ({ action: 'delete-template', template, templateId: id })),
  );
  const steps = [...undeclaredRules([], account, own), ...deletions];
  const notes = steps.length > 0 ? ['Callbacks may go on for up to 10 minutes.'] : [];
  return { steps, blockers, notes };
}

/** Fields that should change, by name. The key is among them unless it may stay. */
export function changedFields(
  { fields, description }: DesiredTemplate,
  key: DesiredKey | undefined,
  current: CloudTemplate,
): string[] {
  const names = differingFields(current.fields, fields);
  const marker = markerOf(current.fields);
  const isSet = textOf(fields, WRITE_ONLY_FIELD) !== '';
  // A digest that differs while nothing readable does can only be about the write-only field.
  const isOnlyDigest =
    marker?.digest !== digestOf(description, fields) &&
    plainDescription(current.fields) === description &&
    names.every((name) => name === 'Description');
  if (marker?.hasWriteOnly !== isSet || (isSet && isOnlyDigest)) names.push(WRITE_ONLY_FIELD);
  const currentKey = textOf(current.fields, 'CallbackKey');
  const isRightKey =
    currentKey === key?.key || (key?.alternative && currentKey === key.alternative);
  return isRightKey ? names : [...names, 'CallbackKey'];
}

function templateStep(
  desired: DesiredTemplate,
  key: DesiredKey | undefined,
  current: CloudTemplate | undefined,
  notes: string[],
): PlanStep[] {
  const template = desired.id;
  if (key?.alternative) {
    notes.push(`The rotation of the key of ${template} is not finished: rotate the key again.`);
  }
  if (!current) {
    const changes = [...Object.keys(desired.fields), 'CallbackKey'].map((field) => ({
      field,
      from: '',
      to: field === 'CallbackKey' ? MASK : shownField(desired.fields, field),
    }));
    return [{ action: 'create-template', template, changes: changes.filter(({ to }) => to) }];
  }
  const names = changedFields(desired, key, current);
  if (names.length === 0) return [];
  if (names.includes('CallbackKey')) {
    notes.push(
      `The key of ${template} changes at once: the module must accept the old and the new one for ${OLD_KEY_MINUTES} minutes. Key rotation sees to that.`,
    );
  }
  const changes = names.map((field): FieldChange => {
    if (field === 'CallbackKey') {
      return { field, from: textOf(current.fields, field) && MASK, to: MASK };
    }
    const from =
      field === WRITE_ONLY_FIELD ? '(cannot be read)' : shownField(current.fields, field);
    return { field, from, to: shownField(desired.fields, field) };
  });
  return [{ action: 'modify-template', template, templateId: current.id, changes }];
}

function ruleStep(
  { domain, appName, template }: DesiredRule,
  templateId: number | undefined,
  { templates, rules }: CloudAccount,
  own: ReadonlyMap<string, readonly CloudTemplate[]>,
  { repoint = false, takeOver = false }: PlanOptions,
  blockers: string[],
): PlanStep[] {
  const rule = rules.find((one) => one.domain === domain && one.appName === appName);
  if (!rule) return [{ action: 'create-rule', template, domain, appName }];
  if (rule.templateId === templateId) return [];
  const isOwn = [...own.values()].some((found) => found.some(({ id }) => id === rule.templateId));
  if (!(isOwn ? repoint || takeOver : takeOver)) {
    const holder = templates.find(({ id }) => id === rule.templateId);
    const name = holder ? ` "${textOf(holder.fields, 'TemplateName')}"` : '';
    blockers.push(
      isOwn
        ? `${domain}/${appName} is bound to the template ${rule.templateId}${name}. Pointing it at ${template} loses the callbacks of a moment; allow it with "repoint".`
        : `${domain}/${appName} is bound to the template ${rule.templateId}${name}, which is not of this stack. Delete that rule, or take it over with "takeOver".`,
    );
  }
  return [{ action: 'repoint-rule', template, fromTemplateId: rule.templateId, domain, appName }];
}

/** Rules of ours (they point at templates of ours) that are declared no more. */
function undeclaredRules(
  declared: readonly DesiredRule[],
  { rules }: CloudAccount,
  own: ReadonlyMap<string, readonly CloudTemplate[]>,
): PlanStep[] {
  const ownIds = new Set([...own.values()].flat().map(({ id }) => id));
  return rules
    .filter(
      (rule) =>
        ownIds.has(rule.templateId) &&
        !declared.some((one) => one.domain === rule.domain && one.appName === rule.appName),
    )
    .map((rule) => ({ action: 'delete-rule', ...rule }));
}

function duplicates(stack: string, own: ReadonlyMap<string, readonly CloudTemplate[]>): string[] {
  return [...own].flatMap(([template, found]) =>
    found.length > 1
      ? [
          `The templates ${found.map(({ id }) => id).join(', ')} all carry the mark of ${stack}/${template}: delete those that are not used, or remove the mark from their descriptions.`,
        ]
      : [],
  );
}

function shownField(fields: Parameters<typeof textOf>[0], field: string): string {
  return maskUrl(textOf(fields, field));
}
