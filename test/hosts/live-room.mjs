/**
 * Builds and tests `examples/live-room` outside the repository, with the packed package: as it is, on
 * Nest 12 in ESM, and with the files of `nest-11` over it, on Nest 11 in CommonJS; on SQLite, and on PostgreSQL
 * where it answers.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

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

const POSTGRES = {
  host: process.env.PGHOST ?? '127.0.0.1',
  port: Number(process.env.PGPORT ?? 5432),
  user: process.env.PGUSER ?? 'postgres',
  password: process.env.PGPASSWORD ?? '',
};
const DATABASE = `live_room_test_${process.pid}`;

/** @returns whether PostgreSQL answered */
async function onPostgres(sql) {
  const client = new Client({ ...POSTGRES, database: 'postgres' });
  try {
    await client.connect();
  } catch (error) {
    if (process.env.REQUIRE_SERVICES === '1') throw error;
    return false;
  }
  await client.query(sql);
  await client.end();
  return true;
}

const { host, port, user, password } = POSTGRES;
const hasPostgres = await onPostgres(`CREATE DATABASE ${DATABASE}`);
const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${DATABASE}`;

try {
  const tarball = pack(folder);
  const hosts = {
    'Nest 12 in ESM': [EXAMPLE],
    'Nest 11 in CommonJS': [EXAMPLE, join(EXAMPLE, 'nest-11')],
  };
  for (const [name, layers] of Object.entries(hosts)) {
    const at = join(folder, name.replaceAll(' ', '-'));
    for (const layer of layers) cpSync(layer, at, { recursive: true });
    installExample(at, tarball);
    run('npx', ['tsc'], at);
    run('npm', ['run', 'build'], at);
    run('npm', ['test'], at);
    if (hasPostgres) run('npm', ['test'], at, { TEST_DATABASE_URL: url });
    const databases = hasPostgres ? 'SQLite and PostgreSQL' : 'SQLite, PostgreSQL did not answer';
    process.stdout.write(
      `The example live-room builds and passes its tests on ${name} (${databases}).\n`,
    );
  }
} finally {
  if (hasPostgres) await onPostgres(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true });
}
