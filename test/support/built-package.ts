import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The package as `npm run build` makes it, in a folder of its own. */
export interface BuiltPackage {
  /** holds `package.json`, `dist` and `examples`, and finds the packages of the repository. */
  readonly folder: string;
  /** The command line. */
  readonly cli: string;
  /** The reference application. */
  readonly app: string;
  remove(): void;
}

/** Builds it. Not into dist, which other suites and a running `npm start` may use. */
export function buildPackage(): BuiltPackage {
  const folder = mkdtempSync(join(ROOT, 'node_modules/.built-'));
  const dist = join(folder, 'dist');
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), dist]);
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
  const cli = join(dist, 'cli/main.js');
  return {
    folder,
    cli,
    app: join(dist, 'app/main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
