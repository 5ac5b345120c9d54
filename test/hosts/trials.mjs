/** What is tried in a host. A trial gets the host's folder, and a use of a fresh database. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { cost } from './cost.mjs';
import { install, manifest, run, writeJson } from './package.mjs';
import { TOO_OLD } from './versions.mjs';

function start(cwd, file, address, flags = [], ...args) {
  const env = { ...process.env, HOST_DATABASE: address, NODE_OPTIONS: flags.join(' ') };
  return spawnSync(process.execPath, [file, ...args], { cwd, env, encoding: 'utf8' });
}

function lives(cwd, file, address, flags = []) {
  const { stdout, stderr } = start(cwd, file, address, flags);
  assert.equal(stdout, 'ok\n', stderr);
}

/** Dies while a listener runs, and takes that up when it starts again. */
function diesAndLives(cwd, file, address, flags = []) {
  const died = start(cwd, file, address, flags, 'dies');
  assert.equal(died.signal, 'SIGKILL', died.stderr);
  lives(cwd, file, address, flags);
}

const runs = (form, flags) => async (at, withDatabase) =>
  withDatabase((address) => diesAndLives(join(at, form), 'main.js', address, flags));

function jest(form, flags = []) {
  return async (at, withDatabase) => {
    const config = { testEnvironment: 'node', testRegex: 'host\\.spec\\.js$', transform: {} };
    writeJson(join(at, form, 'jest.config.json'), config);
    await withDatabase((address) => {
      const args = ['../node_modules/jest/bin/jest.js', address, flags];
      const { status, stderr } = start(join(at, form), ...args, '--config=jest.config.json');
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /did not exit|open handles/);
    });
  };
}

async function vitest(at, withDatabase) {
  const config = "export default { test: { globals: true, include: ['*.spec.js'] } };";
  writeFileSync(join(at, 'esm/vitest.config.js'), config);
  await withDatabase((address) => {
    const { status, stdout, stderr } = start(
      join(at, 'esm'),
      '../node_modules/vitest/vitest.mjs',
      address,
      [],
      'run',
    );
    assert.equal(status, 0, stdout + stderr);
  });
}

const RESOLUTIONS = {
  node10: ['commonjs', 'node10'],
  node16: ['node16', 'node16'],
  nodenext: ['nodenext', 'nodenext'],
  bundler: ['esnext', 'bundler'],
};

function types(at) {
  for (const form of ['cjs', 'esm']) {
    const file = join(at, form, 'types.ts');
    copyFileSync(join(import.meta.dirname, 'types.ts'), file);
    for (const [module, moduleResolution] of Object.values(RESOLUTIONS)) {
      const options = { module, moduleResolution, target: 'es2023', types: 'node' };
      const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      args.push('--noEmit', '--strict', '--skipLibCheck', '--experimentalDecorators', file);
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(at, 'node_modules/typescript/bin/tsc'), ...args],
        { cwd: at, encoding: 'utf8' },
      );
      assert.equal(status, 0, `moduleResolution ${moduleResolution} in ${form}: ${stdout}`);
    }
  }
}

/** Nest asks for these, and goes without. */
const OPTIONAL_IN_NEST = /^@nestjs\/(microservices|websockets)/;

/** The bundle stands alone, where it finds no package but a driver that cannot be bundled. */
async function aloneRuns(at, file, withDatabase) {
  const driver = join(at, 'alone/node_modules');
  mkdirSync(driver, { recursive: true });
  await withDatabase((address) => diesAndLives(join(at, 'alone'), file, address));
}

/** ESM and CommonJS hosts, each as a bundle of CommonJS, in which `import.meta` is empty. */
async function esbuild(at, withDatabase) {
  const require = createRequire(join(at, 'x.js'));
  const { buildSync } = require('esbuild');
  const isNest12 = require('@nestjs/core/package.json').version.startsWith('12.');
  for (const form of ['esm', 'cjs']) {
    buildSync({
      entryPoints: [join(at, form, 'main.js')],
      outfile: join(at, `alone/${form}.cjs`),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      keepNames: true,
      external: ['@nestjs/microservices', '@nestjs/websockets', 'better-sqlite3'],
      // What @nestjs/typeorm 12 needs itself.
      define: isNest12 ? { 'import.meta.url': 'importMetaUrl' } : {},
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      logLevel: 'error',
    });
    linkDriver(at);
    await aloneRuns(at, `${form}.cjs`, withDatabase);
  }
}

async function webpack(at, withDatabase) {
  const bundler = createRequire(join(at, 'x.js'))('webpack');
  const stats = await new Promise((resolve, reject) => {
    bundler(
      {
        mode: 'none',
        target: 'node',
        entry: join(at, 'cjs/main.js'),
        output: { path: join(at, 'alone'), filename: 'webpack.js' },
        node: { __filename: false, __dirname: false },
        // What is left out must throw each time it is asked for, which externals of webpack do once.
        plugins: [new bundler.IgnorePlugin({ checkResource: (name) => isLeftOut(at, name) })],
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  assert.deepEqual(stats.toJson().errors, []);
  await aloneRuns(at, 'webpack.js', withDatabase);
}

/** Drivers and parts of Nest that this host has not installed. */
function isLeftOut(at, request) {
  if (OPTIONAL_IN_NEST.test(request)) return true;
  if (/^[./]|^node:/.test(request)) return false;
  try {
    createRequire(join(at, 'node_modules/typeorm/x.js')).resolve(request);
    return false;
  } catch {
    return !request.startsWith('nestjs-live-callback');
  }
}

function linkDriver(at) {
  mkdirSync(join(at, 'alone/node_modules'), { recursive: true });
  const to = join(at, 'alone/node_modules/better-sqlite3');
  try {
    symlinkSync(join(at, 'node_modules/better-sqlite3'), to);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

function command(at) {
  const program = join(at, 'node_modules/.bin/live-callback');
  assert.equal(run(program, ['--version'], at), `${manifest.version}\n`);
  assert.match(run(program, ['--help'], at), /audit .*stored/);
}

/** Optional packages are not installed in hosts. */
function missing(at) {
  const load = "import('nestjs-live-callback/broker').catch(({ message }) => console.log(message))";
  assert.equal(
    run(process.execPath, ['-e', load], at),
    'nestjs-live-callback/broker needs the package cloudevents, which is not installed: npm install cloudevents\n',
  );
}

/** Of a Node that cannot require ESM, or where that is off, CommonJS hosts get the twin. */
const WITHOUT_REQUIRE_OF_ESM = ['--no-experimental-require-module'];

function tooOld(at) {
  const old = Object.entries(TOO_OLD).map(([name, version]) => `${name}@${version}`);
  install(at, '--force', ...old);
  for (const [form, flags] of [
    ['esm', []],
    ['cjs', []],
    ['cjs', WITHOUT_REQUIRE_OF_ESM],
  ]) {
    const { stdout, stderr } = start(
      join(at, form),
      'main.js',
      'postgres://127.0.0.1/unused',
      flags,
    );
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /typeorm 0\.3\.20 is installed, and nestjs-live-callback needs \^0\.3\.21/,
    );
  }
}

const VM_MODULES = ['--experimental-vm-modules'];

export const TRIALS = {
  esm: runs('esm'),
  cjs: runs('cjs'),
  twin: runs('cjs', WITHOUT_REQUIRE_OF_ESM),
  jest29: jest('cjs'),
  jest30: jest('cjs'),
  jestAsEsm: jest('esm', VM_MODULES),
  vitest,
  types,
  pino: async (at, withDatabase) =>
    withDatabase((address) => lives(join(at, 'cjs'), 'pino.js', address)),
  esbuild,
  webpack,
  command,
  missing,
  cost,
  tooOld,
};
