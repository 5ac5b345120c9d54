import { ownRequire } from './own-require.js';

/**
 * Loads a package that only a part of the module needs. Not imported there, so that a missing one is
 * named with the command that installs it, and not by a stack.
 *
 * @param missing makes the error for a package that is not installed
 * @throws that error, or whatever an installed package throws, such as for a package that it misses itself
 */
export function requireOptional(name: string, missing: (cause: unknown) => Error): unknown {
  const require = ownRequire();
  try {
    require.resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw missing(error);
  }
  return require(name);
}
