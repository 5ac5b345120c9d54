/**
 * Builds and tests `examples/live-room` outside the repository, with the packed package: as it is, on
 * Nest 12 in ESM, and with the files of `nest-11` over it, on Nest 11 in CommonJS.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { install, manifest, pack, root, run, writeJson } from './package.mjs';

const EXAMPLE = join(root, 'examples/live-room');
/** Taken from the repository, since it takes minutes to compile. */
const LINKED = ['better-sqlite3', 'bindings', 'file-uri-to-path'];
const folder = mkdtempSync(join(tmpdir(), 'live-callback-example-'));

function installExample(at, tarball) {
  const path = join(at, 'package.json');
  const { dependencies, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  for (const name of LINKED) delete dependencies[name];
  writeJson(path, {
    ...rest,
    dependencies: { ...dependencies, [manifest.name]: `file:${tarball}` },
  });
  install(at);
  for (const name of LINKED) {
    symlinkSync(join(root, 'node_modules', name), join(at, 'node_modules', name));
  }
}

try {
  const tarball = pack(folder);
  const hosts = {
    'Nest 12 in ESM': [EXAMPLE],
    'Nest 11 in CommonJS': [EXAMPLE, join(EXAMPLE, 'nest-11')],
  };
  for (const [host, layers] of Object.entries(hosts)) {
    const at = join(folder, host.replaceAll(' ', '-'));
    for (const layer of layers) cpSync(layer, at, { recursive: true });
    installExample(at, tarball);
    run('npx', ['tsc'], at);
    run('npm', ['run', 'build'], at);
    run('npm', ['test'], at);
    process.stdout.write(`The example live-room builds and passes its tests on ${host}.\n`);
  }
} finally {
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true });
}
