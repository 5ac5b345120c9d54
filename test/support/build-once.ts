import type { TestProject } from 'vitest/node';

import { buildPackage, type BuiltPackage } from './built-package.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The package, built once for a whole run. */
    builtPackage: Omit<BuiltPackage, 'remove'>;
  }
}

/** Builds the package before the first file of a run that needs it: `inject('builtPackage')`. */
export default function buildOnce(project: TestProject): () => void {
  const built = buildPackage();
  const { folder, cli, app } = built;
  project.provide('builtPackage', { folder, cli, app });
  return () => built.remove();
}
