/** The public surface of the built package is the one that was reviewed, and its types hold by themselves. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { expect, inject, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface ApiReport {
  readonly REPORTS: Record<string, string>;
  readonly apiReport: (name: string, folder: string) => Promise<string>;
}

const script = pathToFileURL(join(ROOT, 'scripts/api-report.mjs')).href;
const { REPORTS, apiReport } = (await import(script)) as ApiReport;
const { folder } = inject('builtPackage');

it.each(Object.keys(REPORTS))(
  'what %s exports is what api/ says: npm run api writes it anew',
  async (name) => {
    const reviewed = readFileSync(join(ROOT, 'api', `${name}.api.md`), 'utf8');
    expect(await apiReport(name, folder)).toBe(reviewed);
  },
);

it.each(['nodenext', 'bundler'])(
  'the types of every sub-path hold in a strict host that checks libraries (%s)',
  (resolution) => {
    const names = Object.keys(REPORTS);
    const from = (name: string) => (name === 'index' ? '' : `/${name}`);
    const imports = names.map(
      (name) => `export * as ${name} from 'nestjs-live-callback${from(name)}';`,
    );
    const file = join(folder, `strict-${resolution}.ts`);
    writeFileSync(file, imports.join('\n'));
    const options = [
      '--ignoreConfig',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--noEmit',
      '--skipLibCheck',
      'false',
    ];
    options.push(
      '--module',
      resolution === 'bundler' ? 'esnext' : 'nodenext',
      '--moduleResolution',
      resolution,
    );
    options.push('--target', 'es2023', '--types', 'node', '--experimentalDecorators');
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(
      execFileSync(process.execPath, [tsc, ...options, file], { cwd: folder, encoding: 'utf8' }),
    ).toBe('');
  },
);
