import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The programs of the child processes, compiled as they would be in production. */
export interface Compiled extends Disposable {
  /** Path of a program, given its path below `bench/` without its extension. */
  program(name: string): string;
}

/** Compiles once per run, this checkout or another one; beside the packages, so that they are found. */
export function compile(root = ROOT): Compiled {
  const out = mkdtempSync(join(root, 'node_modules/.bench-'));
  const remove = () => rmSync(out, { recursive: true, force: true });
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', 'bench', '--outDir', out], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
  } catch (error) {
    remove();
    throw error;
  }
  return { program: (name) => join(out, 'bench', `${name}.js`), [Symbol.dispose]: remove };
}
