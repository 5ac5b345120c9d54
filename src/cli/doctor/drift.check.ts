import { formatStep } from '../../cloud/index.js';
import { openProvisioner } from '../template/open-provisioner.js';
import type { Terminal } from '../terminal.js';
import type { DoctorOptions } from './doctor.options.js';
import { broken, ok, warning, type Finding } from './finding.js';

/** Does the account have what the state file declares? */
export async function checkDrift(
  state: string,
  { endpoint }: DoctorOptions,
  terminal: Terminal,
): Promise<Finding[]> {
  const check = 'templates';
  try {
    const options = { state, ...(endpoint !== undefined && { endpoint }) };
    const provisioner = await openProvisioner(options, terminal);
    const { isInSync, findings, blockers } = await provisioner.drift();
    if (isInSync) return [ok(check, 'Account and state file agree.')];
    const fix = 'See "live-callback template drift", then run "live-callback template apply".';
    return [
      ...findings.map(({ step }) => warning(check, formatStep(step), fix)),
      ...blockers.map((blocker) => warning(check, blocker, 'Decide, then apply.')),
    ];
  } catch (error) {
    return [broken(check, (error as Error).message, 'Correct it, and run again.')];
  }
}
