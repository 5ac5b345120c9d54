import type { CliContext } from '../cli.context.js';
import { UsageError } from '../cli.error.js';
import { openProvisioner } from './open-provisioner.js';
import type { RotateOptions } from './template.options.js';

/** Gives a template a new key. */
export async function rotateKey(
  id: string,
  options: RotateOptions,
  { terminal }: CliContext,
): Promise<void> {
  const { newKeyEnv } = options;
  const newKey = newKeyEnv === undefined ? undefined : terminal.env[newKeyEnv]?.trim();
  if (newKeyEnv !== undefined && !newKey) {
    throw new UsageError(`--new-key-env names ${newKeyEnv}, which is not set.`);
  }
  terminal.conceal(newKey);
  const provisioner = await openProvisioner(options, terminal);
  const { template, templateId, oldKeyUntil } = await provisioner.rotateKey(id, newKey);
  const until = new Date(oldKeyUntil).toISOString();
  if (options.json) return terminal.json({ template, templateId, oldKeyUntil: until });
  terminal.line(
    `Template ${template} (${templateId}) has a new key; the old one is accepted until ${until}.`,
  );
}
