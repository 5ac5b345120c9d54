/** A field of a template that changes. Secrets are masked; what is unset is empty. */
export interface FieldChange {
  /** As in the API: `StreamBeginNotifyUrl`. */
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** One change of the account. `template` is the id in the declared state. */
export type PlanStep =
  | {
      readonly action: 'create-template';
      readonly template: string;
      readonly changes: readonly FieldChange[];
    }
  | {
      readonly action: 'modify-template';
      readonly template: string;
      readonly templateId: number;
      readonly changes: readonly FieldChange[];
    }
  | {
      readonly action: 'delete-template';
      readonly template: string;
      readonly templateId: number;
    }
  | {
      readonly action: 'create-rule';
      readonly template: string;
      readonly domain: string;
      readonly appName: string;
    }
  | {
      readonly action: 'delete-rule';
      readonly templateId: number;
      readonly domain: string;
      readonly appName: string;
    }
  /** Delete and create: callbacks that fall into the gap are lost. */
  | {
      readonly action: 'repoint-rule';
      readonly template: string;
      readonly fromTemplateId: number;
      readonly domain: string;
      readonly appName: string;
    };

/** What has to be done, in its order; fit to be shown. */
export interface ProvisioningPlan {
  readonly steps: readonly PlanStep[];
  /** What stands in the way. While there is any, `apply` changes nothing. */
  readonly blockers: readonly string[];
  /** What else is worth knowing. */
  readonly notes: readonly string[];
}

/** What a plan may do beyond the usual. */
export interface PlanOptions {
  /** Point rules of ours at another template: a gap without callbacks. Default: false. */
  repoint?: boolean;
  /** Take over rules that point at templates of others; a gap as well. Default: false. */
  takeOver?: boolean;
}

const SIGNS: Readonly<Record<PlanStep['action'], string>> = {
  'create-template': '+',
  'modify-template': '~',
  'delete-template': '-',
  'create-rule': '+',
  'delete-rule': '-',
  'repoint-rule': '±',
};

/** The plan as lines for a terminal. */
export function formatPlan({ steps, blockers, notes }: ProvisioningPlan): string {
  const lines = steps.flatMap((step) => [formatStep(step), ...formatChanges(step)]);
  if (steps.length === 0 && blockers.length === 0) lines.push('Nothing to do.');
  return [
    ...lines,
    ...blockers.map((blocker) => `! ${blocker}`),
    ...notes.map((note) => `i ${note}`),
  ].join('\n');
}

/** A step as one line. */
export function formatStep(step: PlanStep): string {
  const { action } = step;
  const sign = SIGNS[action];
  if (action === 'create-template') return `${sign} template ${step.template}`;
  if (action === 'modify-template' || action === 'delete-template') {
    return `${sign} template ${step.template} (${step.templateId})`;
  }
  const rule = `${sign} rule ${step.domain}/${step.appName} → template`;
  if (action === 'create-rule') return `${rule} ${step.template}`;
  if (action === 'delete-rule') return `${rule} ${step.templateId}`;
  return `${rule} ${step.template}, was ${step.fromTemplateId} (deleted and created: a gap)`;
}

function formatChanges(step: PlanStep): string[] {
  if (!('changes' in step)) return [];
  return step.changes.map(({ field, from, to }) => {
    if (step.action === 'create-template') return `    ${field}: ${to}`;
    return `    ${field}: ${from || '(none)'} → ${to || '(none)'}`;
  });
}
