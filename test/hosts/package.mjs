/** The packed package, and the hosts that it is installed in. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
export const root = join(here, '..', '..');

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export const writeJson = (path, value) => writeFileSync(path, JSON.stringify(value));

export function run(command, args, cwd, env = {}) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio,
    env: { ...process.env, ...env },
  });
}

export const install = (cwd, ...args) =>
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', ...args],
    cwd,
  );

const WANTED =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/([\w-]+\/)?[\w-]+\.(md|json)|examples\/live-room\/.+)$/;
const BUILT =
  /^dist\/(?!app\/)(cjs\/package\.json|console\/index\.html|console\/assets\/[\w.-]+|.+\.(js|d\.ts))$/;

/** Packs it, and checks that the tarball holds what a user needs and nothing else. */
export function pack(folder) {
  const [packed] = JSON.parse(
    run(
      'npm',
      ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder],
      root,
    ),
  );
  const paths = packed.files.map(({ path }) => path);
  const strangers = paths.filter((path) => !WANTED.test(path) && !BUILT.test(path));
  assert.deepEqual(strangers, [], 'the tarball holds files that a user does not need');
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path);
  const dead = linked.filter((path) => !paths.includes(path));
  assert.deepEqual(dead, [], 'the README links to files that the tarball does not hold');
  return join(folder, packed.filename);
}

/** Installs a host without --force, and compiles it in a folder `esm` and a folder `cjs`. */
export function installHost({ packages, linked = [] }, tools, at, tarball) {
  mkdirSync(at);
  writeJson(join(at, 'package.json'), {
    private: true,
    dependencies: { ...packages, ...tools, [manifest.name]: `file:${tarball}` },
    allowScripts: manifest.allowScripts,
  });
  install(at);
  for (const name of linked) {
    symlinkSync(join(root, 'node_modules', name), join(at, 'node_modules', name));
  }
  for (const [name, type] of Object.entries({ esm: 'module', cjs: 'commonjs' })) {
    const form = join(at, name);
    mkdirSync(form);
    for (const file of readdirSync(here)) {
      const isUsed = file.endsWith('.ts') && (file !== 'pino.ts' || 'nestjs-pino' in tools);
      if (isUsed && file !== 'types.ts') copyFileSync(join(here, file), join(form, file));
    }
    writeJson(join(form, 'package.json'), { private: true, type });
    writeJson(join(form, 'tsconfig.json'), {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        types: ['node'],
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: true,
      },
    });
    run(process.execPath, [join(at, 'node_modules/typescript/bin/tsc'), '-p', name], at);
  }
}
