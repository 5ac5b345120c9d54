import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';

/**
 * The `require` of this package. Made when it is called: in a bundle of CommonJS `import.meta` is empty,
 * and code that a bundle loads at start must not fail there.
 */
export function ownRequire(): NodeJS.Require {
  // In `node -e` it is a global, `[eval]`, that ESM sees too.
  const isFile = typeof __filename === 'string' && isAbsolute(__filename);
  return createRequire(isFile ? __filename : import.meta.url);
}
