import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../support/free-port.js';
import type { FaultyDatabase } from './faulty-database.js';
import { serverFaults } from './server-faults.js';
import { accountOf, askDatabase, folderFor, programOf, ServerProcess } from './server-process.js';

/**
 * A MariaDB of its own, as durable as one is by default.
 *
 * @param settings arguments for the server, beside those that say where it is
 */
export async function startMariadb(settings: readonly string[] = []): Promise<FaultyDatabase> {
  const account = accountOf('mysql');
  const folder = folderFor(account);
  const data = join(folder, 'data');
  const port = await freePort();
  // At its start a server deletes the temporary tables that it finds, also those of another one.
  const files = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${folder}`];
  execFileSync(
    programOf('mariadb-install-db'),
    [...files, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { ...account, cwd: folder, stdio: 'pipe' },
  );
  const options = {
    type: 'mariadb',
    host: '127.0.0.1',
    port,
    username: 'root',
    password: '',
    database: 'mysql',
  } as const;
  const args = [
    ...files,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'server.sock')}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    '--innodb-flush-log-at-trx-commit=1',
    ...settings,
  ];
  const server = new ServerProcess(programOf('mariadbd'), args, account, folder, () =>
    askDatabase(options),
  );
  await server.start();
  return {
    options,
    faults: serverFaults(server, 'SIGTERM'),
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
