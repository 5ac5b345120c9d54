import type { KeyRingFile } from './key-ring.file.js';
import { reconciled } from './key-ring.js';
import type { ProblemList } from './problem.list.js';
import { keyProblem } from './template.checks.js';

/** A key that is given for a template: it can be one, and there is a place for it. */
export function checkNewKey(
  problems: ProblemList,
  path: string,
  key: unknown,
  isNew: boolean,
  ring: KeyRingFile | undefined,
): void {
  const text = problems.text(path, key, 'the callback key');
  const problem = text === undefined ? undefined : keyProblem(text);
  if (problem) problems.add(path, problem);
  if (!ring) problems.add(path, 'has no place to be kept: declare a "keyFile".');
  if (!isNew) problems.add(path, 'changes by a rotation, during which both keys are accepted.');
}

/** Before the template is declared, so that no other key is made. A former one is accepted for a while. */
export async function keepNewKey(
  ring: KeyRingFile | undefined,
  id: string,
  key: string | undefined,
): Promise<void> {
  if (key === undefined) return;
  await ring?.exclusively(async (own) => {
    const former = await own.read(id);
    await own.write(id, former ? reconciled([former], key, Date.now()) : { current: key });
  });
}
