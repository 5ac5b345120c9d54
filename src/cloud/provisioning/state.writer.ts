import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CloudError } from '../api/cloud.error.js';

/**
 * Puts another text into a file in one step: a reader sees the old one or the new one, and a crash leaves
 * one of them. Its mode stays, and a link goes on to lead to it.
 *
 * @throws CloudError `invalid`
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path);
    const { mode } = await stat(target);
    const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
    try {
      const file = await open(temporary, 'wx', mode);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CloudError(
      'invalid',
      `The state file ${path} cannot be written (${code ?? message}), and nothing was changed. It must be in a folder that this user may write to.`,
      { cause },
    );
  }
}
