import type { BoundCallbackKey } from '../../options/live-callback.options.js';
import { plural } from '../plural.js';
import { keysOf } from '../receiver.options.js';
import type { Terminal } from '../terminal.js';
import type { DoctorOptions } from './doctor.options.js';
import { broken, ok, warning, type Finding } from './finding.js';

/** What CSS takes as a key (docs/protocol.md, 1.2). */
const KEY_OF_CSS = /^[A-Za-z0-9]{1,32}$/;

/** Are there keys, and are they any good? */
export function checkKeys(
  options: DoctorOptions,
  terminal: Terminal,
): { findings: Finding[]; keys: readonly BoundCallbackKey[] } {
  const warnings: string[] = [];
  let keys: readonly BoundCallbackKey[];
  try {
    keys = keysOf(options, terminal, warnings);
  } catch (error) {
    const fix = 'Set a key of 16 to 32 letters and digits in the callback template and here.';
    return { findings: [broken('key', (error as Error).message, fix)], keys: [] };
  }
  if (keys.length === 0) {
    const fix = `Set ${options.keyEnv} as for the application, to have it examined.`;
    return { findings: [warning('key', 'No key was given.', fix)], keys };
  }
  const findings = warnings.map((text) =>
    warning('key', text, 'Use a longer one: one observed callback allows guessing offline.'),
  );
  const strange = keys.findIndex(({ key }) => !KEY_OF_CSS.test(key));
  if (strange >= 0) {
    const detail = `Key ${strange + 1} is none that CSS takes: up to 32 letters and digits.`;
    findings.push(
      broken('key', detail, 'Copy the key of the callback template, and nothing else.'),
    );
  }
  return {
    findings:
      findings.length > 0 ? findings : [ok('key', `${plural(keys.length, 'key')}, long enough.`)],
    keys,
  };
}
