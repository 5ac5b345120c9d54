import { CloudError } from '../api/cloud.error.js';

/** One thing that is wrong with a declared state. */
export interface StateProblem {
  /** Where: `templates.main.key`. */
  readonly path: string;
  readonly problem: string;
}

/** Thrown for a declared state that cannot be applied, before anything is called. */
export class ProvisioningStateError extends CloudError {
  override readonly code = 'provisioning-state-invalid';

  constructor(
    readonly problems: readonly StateProblem[],
    source?: string,
  ) {
    const lines = problems.map(({ path, problem }) => (path ? `${path} ${problem}` : problem));
    super('invalid', (source ? `${source}: ` : '') + lines.join('\n'));
  }
}
