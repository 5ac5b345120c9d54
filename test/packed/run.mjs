/**
 * Packs the package and uses it outside the repository, from an ESM and from a CommonJS host. Also
 * checks that the tarball holds what a user needs and nothing else.
 */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'live-callback-packed-'));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const writeJson = (path, value) => writeFileSync(join(folder, path), JSON.stringify(value));

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root));
  const strangers = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+\.(js|d\.ts))$/.test(path) ||
        path.startsWith('dist/app/'),
    );
  assert.deepEqual(strangers, [], 'the tarball holds files that a user does not need');

  const used = ['common', 'core', 'platform-express', 'typeorm'].map((name) => `@nestjs/${name}`);
  used.push('better-sqlite3', 'class-transformer', 'class-validator', 'reflect-metadata', 'rxjs');
  used.push('typeorm', 'typescript', '@types/node');
  writeJson('package.json', {
    private: true,
    dependencies: {
      ...Object.fromEntries(used.map((name) => [name, manifest.devDependencies[name]])),
      [manifest.name]: `file:${packed.filename}`,
    },
    allowScripts: manifest.allowScripts,
  });
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);

  for (const [name, type] of Object.entries({ esm: 'module', cjs: 'commonjs' })) {
    mkdirSync(join(folder, name));
    copyFileSync(join(here, 'host.ts'), join(folder, name, 'host.ts'));
    writeJson(`${name}/package.json`, { private: true, type });
    writeJson(`${name}/tsconfig.json`, {
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
    run(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', name]);
    assert.equal(run(process.execPath, ['host.js'], join(folder, name)), 'ok\n');
    process.stdout.write(`The packed package works in a host that is ${type}.\n`);
  }

  const command = join(folder, 'node_modules/.bin/live-callback');
  assert.equal(run(command, ['--version']), `${manifest.version}\n`);
  assert.match(run(command, ['--help']), /audit .*stored/);
  process.stdout.write('The packed command runs.\n');

  // Optional packages are not installed here.
  const load = "import('nestjs-live-callback/broker').catch(({ message }) => console.log(message))";
  assert.equal(
    run(process.execPath, ['-e', load]),
    'nestjs-live-callback/broker needs the package cloudevents, which is not installed: npm install cloudevents\n',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
