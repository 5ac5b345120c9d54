import { closeSync, constants, fchmodSync, fstatSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS = 0o077;
const WORLD_WRITABLE = 0o002;
const STICKY = 0o1000;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Makes a file that only its owner may read and write, or makes one that is there such a file. A link is
 * not followed, because whoever placed it would decide what is written to.
 *
 * @param mayCreate default: true; without, a file that is not there stays so
 * @throws Error that says what is wrong with the file
 */
export function makePrivate(path: string, mayCreate = true): void {
  const flags = constants.O_RDWR | constants.O_NONBLOCK | NO_FOLLOW;
  let file: number;
  try {
    file = openSync(path, mayCreate ? flags | constants.O_CREAT : flags, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !mayCreate) return;
    if (code === 'ELOOP') {
      throw new Error('it is a symbolic link: give the path of the file itself', { cause: error });
    }
    throw error;
  }
  try {
    const { mode } = statOfFile(file);
    if ((mode & OTHERS) !== 0 && process.platform !== 'win32') fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

function statOfFile(file: number) {
  const found = fstatSync(file);
  if (!found.isFile()) throw new Error('it is not a regular file');
  const user = process.geteuid?.();
  if (user !== undefined && user !== 0 && found.uid !== user) {
    throw new Error('it belongs to another user, who could read and change it');
  }
  return found;
}

/**
 * What is wrong with the folder of a file, if anything: where everybody may write, anybody could put
 * another file in the place of this one.
 */
export function folderProblem(path: string): string | undefined {
  const folder = dirname(path);
  const { mode } = statSync(folder);
  const isOpen = (mode & WORLD_WRITABLE) !== 0 && (mode & STICKY) === 0;
  if (process.platform === 'win32' || !isOpen) return undefined;
  return `everybody may write to its folder "${folder}": chmod o-w, or choose another one`;
}
