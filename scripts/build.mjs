/**
 * Builds the package: ESM, and its twin in CommonJS for what hosts load in their own programs and tests.
 * The compiler checks and declares; a bundler makes few files of many, the same for both. The first
 * argument is the folder, `dist` without one.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { rolldown } from 'rolldown';

import { buildConsole } from './console.mjs';
import { bundleDeclarations } from './declarations.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const HOST_FACING = [
  'index',
  'testing/index',
  'bullmq/index',
  'broker/index',
  'cloud/index',
  'telemetry/index',
  'openapi/index',
  'console/index',
];
const LIBRARIES = [...HOST_FACING, 'emulator/index'];
const PROGRAMS = ['cli/main', 'app/main'];

const target = resolve(process.argv[2] ?? join(ROOT, 'dist'));
const parts = mkdtempSync(join(tmpdir(), 'live-callback-build-'));

async function bundle(entries, format, dir) {
  const bundled = await rolldown({
    cwd: parts,
    input: Object.fromEntries(entries.map((name) => [name, `${name}.js`])),
    platform: 'node',
    external: /^[^./]/,
    treeshake: false,
  });
  await bundled.write({
    dir,
    format,
    // Classes are tokens of Nest, entities and default ids of listeners by their names.
    keepNames: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    // The declarations have them.
    comments: { jsdoc: false },
  });
}

try {
  rmSync(target, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', parts], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  writeFileSync(join(parts, 'package.json'), '{ "type": "module" }');

  await bundle([...LIBRARIES, ...PROGRAMS], 'esm', target);
  await bundleDeclarations(parts, LIBRARIES, target);

  const twin = join(target, 'cjs');
  await bundle(HOST_FACING, 'cjs', twin);
  await bundleDeclarations(parts, HOST_FACING, twin);
  writeFileSync(join(twin, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n');

  await buildConsole(join(target, 'console'));

  chmodSync(join(target, 'cli/main.js'), 0o755);
} finally {
  rmSync(parts, { recursive: true, force: true });
}
