import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program of the suite as JavaScript, for a process of its own. */
export interface CompiledProgram {
  readonly path: string;
  remove(): void;
}

/** Compiles `app.ts` in a folder of the repository that has a tsconfig.json for it. */
export function compileProgram(folder: string): CompiledProgram {
  // Inside the repository, so that it finds the packages.
  const out = mkdtempSync(join(ROOT, 'node_modules/.program-'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', folder, '--outDir', out], { cwd: ROOT });
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
  return {
    path: join(out, folder, 'app.js'),
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}
