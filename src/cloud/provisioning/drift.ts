import type { DesiredState } from './desired-state.js';
import { digestOf, markerOf, plainDescription } from './marker.js';
import type { PlanStep, ProvisioningPlan } from './provisioning.plan.js';
import {
  textOf,
  URL_FIELD_OF_KIND,
  WRITE_ONLY_FIELD,
  type CloudAccount,
} from './template.fields.js';

/** Who has caused a difference: by what the mark on the template says was applied last. */
export type DriftOrigin =
  /** Somebody has changed the account. */
  | 'cloud'
  /** The declared state has changed since it was applied. */
  | 'declaration'
  /** Either, or both: for rules, keys and templates that are missing there is no record. */
  | 'unknown';

/** A difference between what is declared and what is there. */
export interface DriftFinding {
  readonly origin: DriftOrigin;
  /** What `apply` would do about it. */
  readonly step: PlanStep;
}

/** What {@link LiveCallbackProvisioner.drift} found. */
export interface DriftReport {
  readonly isInSync: boolean;
  readonly findings: readonly DriftFinding[];
  /** What must not be changed without a decision. */
  readonly blockers: readonly string[];
  /** Fields that are set but cannot be read back: `main.RecordStatusNotifyUrl`. */
  readonly unreadable: readonly string[];
}

/** Tells by a plan who has changed what. */
export function driftOf(
  plan: ProvisioningPlan,
  desired: DesiredState,
  account: CloudAccount,
): DriftReport {
  const findings = plan.steps.map((step) => ({ origin: originOf(step, desired, account), step }));
  const unreadable = desired.templates
    .filter(({ fields }) => textOf(fields, WRITE_ONLY_FIELD) !== '')
    .map(({ id }) => `${id}.${WRITE_ONLY_FIELD}`);
  return {
    isInSync: findings.length === 0 && plan.blockers.length === 0,
    findings,
    blockers: plan.blockers,
    unreadable,
  };
}

function originOf(step: PlanStep, desired: DesiredState, account: CloudAccount): DriftOrigin {
  if (step.action !== 'modify-template') return 'unknown';
  if (step.changes.every(({ field }) => field === 'CallbackKey')) return 'unknown';
  const template = desired.templates.find(({ id }) => id === step.template);
  const current = account.templates.find(({ id }) => id === step.templateId);
  const marker = current && markerOf(current.fields);
  if (!template || !current || !marker) return 'unknown';
  const { fields } = template;
  if (marker.digest === digestOf(template.description, fields)) return 'cloud';
  const applied = [...URL_FIELD_OF_KIND.values(), 'TemplateName', 'RecordExceptionLevels'];
  const readable = Object.fromEntries(applied.map((name) => [name, textOf(current.fields, name)]));
  readable[WRITE_ONLY_FIELD] = marker.hasWriteOnly ? textOf(fields, WRITE_ONLY_FIELD) : '';
  const isAsApplied = marker.digest === digestOf(plainDescription(current.fields), readable);
  return isAsApplied ? 'declaration' : 'unknown';
}
