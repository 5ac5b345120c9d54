import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LONG, SHORT, type Fault, type FaultyDatabase } from './faulty-database.js';

const HOLDER = fileURLToPath(new URL('hold-write-lock.mjs', import.meta.url));

/**
 * A SQLite file. Its database is taken away by a second process that holds the write lock: one that
 * gives it back, or one that is killed in the middle of a transaction.
 */
export async function createSqlite(): Promise<FaultyDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-faults-'));
  const file = join(folder, 'test.db');
  return {
    options: { type: 'better-sqlite3', database: file },
    faults: [
      lockedBy(file, 'locked for long', LONG, 'SIGTERM'),
      lockedBy(file, 'locked', SHORT, 'SIGTERM'),
      lockedBy(file, 'writer killed', SHORT, 'SIGKILL'),
    ],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function lockedBy(
  file: string,
  kind: string,
  duration: readonly [number, number],
  signal: NodeJS.Signals,
): Fault {
  let holder: ChildProcess;
  return {
    kind,
    duration,
    async begin() {
      holder = spawn(process.execPath, [HOLDER, file], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(holder.stdout as NonNullable<typeof holder.stdout>, 'data'); // it has the lock
    },
    async end() {
      const exited = once(holder, 'exit');
      holder.kill(signal);
      await exited;
    },
  };
}
