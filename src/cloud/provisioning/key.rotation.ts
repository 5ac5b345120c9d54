import { isDeepStrictEqual } from 'node:util';

import type { CallbackAccount } from './callback-account.js';
import {
  newCallbackKey,
  OLD_KEY_MS,
  reconciled,
  type KeyRing,
  type KeyRingEntry,
} from './key-ring.js';
import { modification } from './plan.executor.js';
import { changedFields } from './planner.js';
import { CloudError } from '../api/cloud.error.js';
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
 * @throws CloudError
 */
export async function rotateKey(
  { account, ring, desired, now, onProgress, current }: RotationContext,
  newKey?: string,
): Promise<RotationResult> {
  const template = desired.id;
  const before = await current();
  const entry = await ring.read(template);
  if (!entry)
    throw new CloudError('blocked', `${template} has no key in the key ring yet: apply first.`);
  refuseOthers(desired, entry, before);
  const next = nextKey(entry, newKey);
  const ahead = { ...entry, next };
  if (entry.next === undefined) await ring.write(template, ahead);
  onProgress('Receivers accept the old key and the new one.');
  // Both are looked at again: the lock may be one that another machine does not see.
  const found = await ring.read(template);
  if (!isDeepStrictEqual(found, ahead)) {
    const key = textOf(before.fields, 'CallbackKey');
    await ring.write(template, reconciled([ahead, found], key, now()));
    throw new CloudError(
      'blocked',
      `Somebody else has changed the keys of ${template} in the key ring meanwhile. The template has its key as before, which is accepted; rotate again.`,
    );
  }
  const latest = await current();
  refuseOthers(desired, ahead, latest);
  if (textOf(latest.fields, 'CallbackKey') !== next) {
    await account.modifyTemplate(latest.id, modification(latest, desired.fields, { key: next }));
    const shown = textOf((await current()).fields, 'CallbackKey');
    const kept = await ring.read(template);
    const isRingMine = isDeepStrictEqual(kept, ahead);
    if (shown !== next || !isRingMine) {
      if (!isRingMine || (shown !== '' && shown !== entry.current)) {
        await ring.write(template, reconciled([ahead, kept], shown || entry.current, now()));
      }
      throw new CloudError(
        'unsettled',
        `The cloud took the new key of ${template}, but ${isRingMine ? 'does not show it' : 'somebody else has changed the key ring meanwhile'}. Every key that it may sign with is accepted; rotate again to go on.`,
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
  return { template, templateId: latest.id, oldKeyUntil };
}

/** Only a template that is as declared, with a key of the ring, is touched. */
function refuseOthers(desired: DesiredTemplate, entry: KeyRingEntry, found: CloudTemplate): void {
  const { current, next } = entry;
  const accepted = { key: current, ...(next !== undefined && { alternative: next }) };
  const others = changedFields(desired, accepted, found);
  if (others.length === 0) return;
  const isKeyAlone = others.length === 1 && others[0] === 'CallbackKey';
  throw new CloudError(
    'blocked',
    isKeyAlone
      ? `${desired.id} has a key that is not in this key ring: somebody else has changed it. Whoever rotates keys must use the key ring that the receivers read; apply gives the template its key of this ring.`
      : `${desired.id} differs from its declaration in ${others.join(', ')}: apply first, then rotate.`,
  );
}

function nextKey(entry: KeyRingEntry, given: string | undefined): string {
  const problem = given === undefined ? undefined : keyProblem(given);
  if (problem) throw new CloudError('invalid', `newKey ${problem}`);
  if (given !== undefined && given === entry.current) {
    throw new CloudError('invalid', 'newKey is the key that the template has.');
  }
  if (entry.next !== undefined && given !== undefined && given !== entry.next) {
    throw new CloudError(
      'blocked',
      'A rotation to another key is not finished: rotate without newKey first.',
    );
  }
  return entry.next ?? given ?? newCallbackKey();
}
