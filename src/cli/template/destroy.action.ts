import { formatPlan } from '../../cloud/index.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { plural } from '../plural.js';
import { openProvisioner } from './open-provisioner.js';
import type { DestroyOptions } from './template.options.js';

/** Deletes the rules and templates of the stack, after a question. */
export async function destroy(options: DestroyOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  if (!options.yes && !terminal.isInteractive) {
    throw new UsageError('Say --yes: it deletes templates and rules, and asks only on a terminal.');
  }
  const provisioner = await openProvisioner(options, terminal);
  if (!options.yes) {
    const plan = await provisioner.planDestroy();
    terminal.note(formatPlan(plan));
    if (plan.steps.length > 0 && !(await terminal.confirm('Callbacks will stop.', signal))) {
      throw new CliError('Nothing was deleted.');
    }
  }
  const { steps, notes } = await provisioner.destroy();
  if (options.json) return terminal.json({ steps, notes });
  terminal.line(
    steps.length === 0 ? 'Nothing to do.' : `Destroyed: ${plural(steps.length, 'deletion')}.`,
  );
  for (const note of notes) terminal.line(note);
}
