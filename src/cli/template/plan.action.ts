import { formatPlan } from '../../cloud/index.js';
import type { CliContext } from '../cli.context.js';
import { EXIT } from '../exit-code.js';
import { plural } from '../plural.js';
import { openProvisioner } from './open-provisioner.js';
import type { PlanningOptions } from './template.options.js';

/** Shows what apply would do; fails when something stands in the way. */
export async function plan(options: PlanningOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const provisioner = await openProvisioner(options, terminal);
  const found = await provisioner.plan(allowances(options));
  if (found.blockers.length > 0) context.exitCode = EXIT.failed;
  if (options.json) terminal.json(found);
  else terminal.text(formatPlan(found));
}

/** Makes the account what is declared. */
export async function apply(options: PlanningOptions, { terminal }: CliContext): Promise<void> {
  const provisioner = await openProvisioner(options, terminal);
  const { steps, notes } = await provisioner.apply(allowances(options));
  if (options.json) return terminal.json({ steps, notes });
  terminal.line(
    steps.length === 0 ? 'Nothing to do.' : `Applied: ${plural(steps.length, 'change')}.`,
  );
  for (const note of notes) terminal.line(note);
}

function allowances({ repoint = false, takeOver = false }: PlanningOptions) {
  return { repoint, takeOver };
}
