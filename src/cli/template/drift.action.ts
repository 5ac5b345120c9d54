import { formatStep } from '../../cloud/index.js';
import type { CliContext } from '../cli.context.js';
import { EXIT } from '../exit-code.js';
import { openProvisioner } from './open-provisioner.js';
import type { TemplateOptions } from './template.options.js';

const ORIGINS = {
  cloud: 'changed in the account',
  declaration: 'changed in the state file',
  unknown: 'changed on one side or both',
} as const;

/** Compares account and state file. */
export async function drift(options: TemplateOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const provisioner = await openProvisioner(options, terminal);
  const report = await provisioner.drift();
  if (!report.isInSync) context.exitCode = EXIT.failed;
  if (options.json) return terminal.json(report);
  if (report.isInSync) terminal.line('Account and state file agree.');
  for (const { origin, step } of report.findings) {
    const fields =
      'changes' in step ? `: ${step.changes.map(({ field }) => field).join(', ')}` : '';
    terminal.line(`${formatStep(step)}${fields} (${ORIGINS[origin]})`);
  }
  for (const blocker of report.blockers) terminal.line(`! ${blocker}`);
  for (const field of report.unreadable) terminal.line(`i ${field} cannot be read back.`);
}
