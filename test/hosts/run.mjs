/**
 * Packs the package and uses it outside the repository, in hosts on Nest 12 and 11. An argument chooses
 * the hosts whose name contains it, and further ones their trials; `--quick` leaves out what is not tried
 * with each change.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withDatabase } from './database.mjs';
import { installHost, pack } from './package.mjs';
import { TRIALS } from './trials.mjs';
import { HOSTS, TOOLS } from './versions.mjs';

const isQuick = process.argv.includes('--quick');
const [wanted = '', ...only] = process.argv.slice(2).filter((it) => !it.startsWith('--'));
const folder = mkdtempSync(join(tmpdir(), 'live-callback-hosts-'));

async function tryHost(host, at, tarball) {
  const all = isQuick ? host.trials : [...host.trials, ...host.more];
  const names = all.filter((name) => only.length === 0 || only.includes(name));
  if (names.length === 0) return;
  const tools = Object.assign({}, ...names.map((name) => TOOLS[name]));
  installHost(host, tools, at, tarball);
  for (const name of names) {
    await TRIALS[name](at, (use) => withDatabase(host.database, at, use));
    process.stdout.write(`The packed package in a host on ${host.name}: ${name} works.\n`);
  }
}

try {
  const tarball = pack(folder);
  for (const [index, host] of HOSTS.filter(({ name }) => name.includes(wanted)).entries()) {
    await tryHost(host, join(folder, `host-${index}`), tarball);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
