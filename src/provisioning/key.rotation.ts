import type { CallbackAccount } from './callback-account.js';
import { newCallbackKey, OLD_KEY_MS, type KeyRing, type KeyRingEntry } from './key-ring.js';
import { modification } from './plan.executor.js';
import { changedFields } from './planner.js';
import { ProvisioningError } from './provisioning.error.js';
import { keyProblem, type DesiredTemplate } from './template.checks.js';
import { textOf, type CloudTemplate } from './template.fields.js';

/** What a rotation came to. */
export interface RotationResult {
  readonly template: string;
  readonly templateId: number;
  /** Until when the old key is accepted, Unix milliseconds. */
  readonly oldKeyUntil: number;
}

/** The parts that a rotation works on. */
export interface RotationContext {
  readonly account: CallbackAccount;
  readonly ring: KeyRing;
  readonly desired: DesiredTemplate;
  readonly now: () => number;
  readonly onProgress: (line: string) => void;
  /** Reads the template anew. */
  readonly current: () => Promise<CloudTemplate>;
}

/**
 * Gives a template a new key without losing a callback: receivers accept both keys, then the template
 * gets the new one, and the old one is accepted until every callback signed with it has come or was
 * given up. Each step is recorded before the next, so that a rotation that was cut off goes on where it
 * ended when it is called again.
 *
 * @param newKey default: a new one, which nobody needs to see
 * @throws ProvisioningError
 */
export async function rotateKey(
  { account, ring, desired, now, onProgress, current }: RotationContext,
  newKey?: string,
): Promise<RotationResult> {
  const template = desired.id;
  const before = await current();
  const entry = await ring.read(template);
  if (!entry)
    throw new ProvisioningError(
      'blocked',
      `${template} has no key in the key ring yet: apply first.`,
    );
  const accepted = { key: entry.current, ...(entry.next && { alternative: entry.next }) };
  const others = changedFields(desired, accepted, before);
  if (others.length > 0) {
    throw new ProvisioningError(
      'blocked',
      `${template} differs from its declaration in ${others.join(', ')}: apply first, then rotate.`,
    );
  }
  const next = nextKey(entry, newKey);
  if (entry.next === undefined) await ring.write(template, { ...entry, next });
  onProgress('Receivers accept the old key and the new one.');
  if (textOf(before.fields, 'CallbackKey') !== next) {
    await account.modifyTemplate(before.id, modification(before, desired.fields, { key: next }));
    const after = await current();
    if (textOf(after.fields, 'CallbackKey') !== next) {
      throw new ProvisioningError(
        'unsettled',
        `The cloud took the new key of ${template}, but does not show it. Both keys are accepted; rotate again to go on.`,
      );
    }
  }
  onProgress('The template has the new key.');
  const oldKeyUntil = now() + OLD_KEY_MS;
  const stillRetiring = (entry.retiring ?? []).filter(({ until }) => until > now());
  await ring.write(template, {
    current: next,
    retiring: [...stillRetiring, { key: entry.current, until: oldKeyUntil }],
  });
  onProgress(`The old key is accepted until ${new Date(oldKeyUntil).toISOString()}.`);
  return { template, templateId: before.id, oldKeyUntil };
}

function nextKey(entry: KeyRingEntry, given: string | undefined): string {
  const problem = given === undefined ? undefined : keyProblem(given);
  if (problem) throw new ProvisioningError('invalid', `newKey ${problem}`);
  if (given !== undefined && given === entry.current) {
    throw new ProvisioningError('invalid', 'newKey is the key that the template has.');
  }
  if (entry.next !== undefined && given !== undefined && given !== entry.next) {
    throw new ProvisioningError(
      'blocked',
      'A rotation to another key is not finished: rotate without newKey first.',
    );
  }
  return entry.next ?? given ?? newCallbackKey();
}
