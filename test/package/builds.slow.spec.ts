/** The two builds of the package, and what a host gets of them in one process. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, inject, it } from 'vitest';

const folder = realpathSync(inject('builtPackage').folder);
const files = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, Record<string, string | Conditions>>;
  typesVersions: { '*': Record<string, string[]> };
};
type Conditions = Record<'types' | 'default', string>;

const NAME = 'nestjs-live-callback';
const PATHS = ['', '/testing', '/bullmq', '/broker', '/telemetry', '/openapi', '/console'];

/** What a program prints as JSON that runs within the package, which may require and import itself by name. */
function run(program: string, ...flags: string[]): unknown {
  const args = [...flags, '--input-type=module', '-e', `${PRELUDE}\n${program}`];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }));
}

const PRELUDE = `
  import { createRequire } from 'node:module';
  import 'reflect-metadata';
  const require = createRequire(process.cwd() + '/host.js');
  const tell = (value) => console.log(JSON.stringify(value));`;

describe('The package', () => {
  it('is one instance for require and import', () => {
    const differing = run(`
      const differing = [];
      for (const path of ${JSON.stringify(PATHS)}) {
        const required = require('${NAME}' + path);
        const imported = await import('${NAME}' + path);
        differing.push(...Object.keys(imported).filter((name) => imported[name] !== required[name]));
      }
      tell(differing);`);
    expect(differing).toEqual([]);
  });

  it('exports the same names, and classes of the same name, from both builds', () => {
    const exported = (build: string) =>
      run(`
        const pairs = [];
        for (const path of ${JSON.stringify(PATHS)}) {
          const all = await import(process.cwd() + '/${build}' + path + '/index.js');
          for (const [name, value] of Object.entries(all)) {
            const isOwn = name !== 'default' && name !== 'module.exports';
            if (isOwn) pairs.push([name, value.name ?? typeof value]);
          }
        }
        tell(pairs.sort());`) as [string, string][];
    const pairs = exported('dist');
    expect(exported('dist/cjs')).toEqual(pairs);
    expect(pairs.filter(([, name]) => name.includes('$'))).toEqual([]);
  });

  it('is CommonJS for programs that cannot require ESM, such as Jest', () => {
    const resolved = run(
      `tell(${JSON.stringify(PATHS)}.map((path) => require.resolve('${NAME}' + path)))`,
      '--no-experimental-require-module',
    );
    expect(resolved).toEqual(PATHS.map((path) => join(folder, 'dist/cjs', path, 'index.js')));
  });

  it('names only files that are built', () => {
    const exported = Object.values(manifest.exports).flatMap((target) =>
      Object.values(target).flatMap((to) => (typeof to === 'string' ? to : Object.values(to))),
    );
    const declared = Object.values(manifest.typesVersions['*']).flat();
    const named = [...exported, ...declared].filter((path) => path.startsWith('./dist/'));
    expect(named.filter((path) => !files.includes(path.slice('./dist/'.length)))).toEqual([]);
  });

  it('holds no reference to a source map or a declaration that is not there', () => {
    const read = (file: string) => readFileSync(join(folder, 'dist', file), 'utf8');
    const mapped = files
      .filter((file) => file.endsWith('.js'))
      .filter((file) => /sourceMappingURL/.test(read(file)));
    expect(mapped).toEqual([]);
    const wanted = files
      .filter((file) => file.endsWith('.d.ts'))
      .flatMap((file) =>
        [...read(file).matchAll(/['"](\.\.?\/[^'"]+)\.js['"]/g)].map(([, path]) =>
          join(file, '..', `${path}.d.ts`),
        ),
      );
    expect(wanted.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('has a console of at most 60 kB at first and 150 kB in all, after gzip', async () => {
    const script: string = new URL('../../scripts/console.mjs', import.meta.url).href;
    const { weigh } = (await import(script)) as { weigh: (target: string) => Weight };
    const { firstLoad, all, files: assets } = weigh(join(folder, 'dist/console'));
    expect(assets.length).toBeGreaterThan(5);
    expect(firstLoad).toBeGreaterThan(10_000);
    expect(firstLoad).toBeLessThanOrEqual(60_000);
    expect(all).toBeLessThanOrEqual(150_000);
  });
});

interface Weight {
  readonly files: readonly unknown[];
  readonly firstLoad: number;
  readonly all: number;
}
