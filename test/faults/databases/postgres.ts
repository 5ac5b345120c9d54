import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../support/free-port.js';
import type { FaultyDatabase } from './faulty-database.js';
import { serverFaults } from './server-faults.js';
import { accountOf, askDatabase, folderFor, programOf, ServerProcess } from './server-process.js';

const PACKAGES = '/usr/lib/postgresql';

/** A PostgreSQL of its own, as durable as one is by default. */
export async function startPostgres(): Promise<FaultyDatabase> {
  const account = accountOf('postgres');
  const folder = folderFor(account);
  const data = join(folder, 'data');
  const port = await freePort();
  const program = programOf('postgres', packagedFolders());
  execFileSync(
    programOf('initdb', packagedFolders()),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...account, cwd: folder, stdio: 'pipe' },
  );
  const options = {
    type: 'postgres',
    host: '127.0.0.1',
    port,
    username: 'postgres',
    database: 'postgres',
  } as const;
  const args = ['-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1', '-c', 'fsync=on'];
  const server = new ServerProcess(program, args, account, folder, () => askDatabase(options));
  await server.start();
  return {
    options,
    faults: serverFaults(server, 'SIGINT'),
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian keeps the programs of each version in a folder of their own; the newest first. */
function packagedFolders(): string[] {
  try {
    const versions = readdirSync(PACKAGES).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(PACKAGES, version, 'bin'));
  } catch {
    return [];
  }
}
