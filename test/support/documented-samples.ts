import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { signatureOf } from '../../src/testing/index.js';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

/** The samples that the CSS documents print for a kind, as text in their own layout. */
export function samplesOf(kind: string): { file: string; text: string }[] {
  return readdirSync(join(FIXTURES, kind)).map((name) => ({
    file: `${kind}/${name}`,
    text: readFileSync(join(FIXTURES, kind, name), 'utf8'),
  }));
}

/**
 * Signs a text without touching anything but the values of `t` and `sign`. Where the sample prints
 * neither they are put right after the opening brace.
 */
export function resign(text: string, key: string, t: number): string {
  const sign = signatureOf(key, t);
  if (!/"sign"\s*:/.test(text)) return text.replace('{', `{"t":${t},"sign":"${sign}",`);
  return text.replace(/("sign"\s*:\s*)"[^"]*"/, `$1"${sign}"`).replace(/("t"\s*:\s*)\d+/, `$1${t}`);
}
