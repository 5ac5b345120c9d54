import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Loads a package that only a part of the module needs. Not imported there, so that a missing one is
 * named with the command that installs it, and not by a stack.
 *
 * @param missing makes the error for a package that is not installed
 * @throws that error, or whatever an installed package throws
 */
export function requireOptional(name: string, missing: (cause: unknown) => Error): unknown {
  try {
    return require(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw missing(error);
  }
}
