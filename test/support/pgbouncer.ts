import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DataSourceOptions } from 'typeorm';

import { freePort } from './free-port.js';
import { scratchFolder, startServer } from './private-server.js';

/** Whether PgBouncer is installed. */
export const hasPgbouncer = isInstalled();

function isInstalled(): boolean {
  const { error } = spawnSync('pgbouncer', ['--version']);
  if (error && process.env['REQUIRE_SERVICES'] === '1') throw error;
  return !error;
}

/** A PgBouncer before a PostgreSQL, with its defaults but for what is named; it goes with the test. */
export async function startPgbouncer(
  database: DataSourceOptions,
  settings: Readonly<Record<string, string | number>>,
  port?: number,
): Promise<{ options: DataSourceOptions; stop: () => Promise<void> }> {
  const {
    host,
    port: serverPort,
    username,
  } = database as { host: string; port: number; username: string };
  const folder = scratchFolder();
  const at = port ?? (await freePort());
  const users = join(folder, 'users');
  writeFileSync(users, `"${username}" ""\n`);
  const config = join(folder, 'pgbouncer.ini');
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: at,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: users,
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    config,
    ['[databases]', `* = host=${host} port=${serverPort}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
  // It refuses to run as root, and so reads the files as somebody else.
  for (const path of [folder, users, config]) chmodSync(path, 0o755);
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const stop = await startServer(at, 'pgbouncer', [...user, config]);
  return { options: { ...database, host: '127.0.0.1', port: at } as DataSourceOptions, stop };
}

/** Files of a certificate of `localhost` that nobody else has signed; they go with the test. */
export function selfSigned(): { cert: string; key: string } {
  const folder = scratchFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' ');
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  for (const path of [folder, cert, key]) chmodSync(path, 0o755);
  return { cert, key };
}
