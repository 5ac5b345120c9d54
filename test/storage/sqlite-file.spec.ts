/** What others on the machine, and whoever gets the file later, can read of a SQLite database. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { LiveCallbackAuditService } from '../../src/index.js';
import { CallbackEraser } from '../../src/storage/callback.eraser.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, startHost } from '../support/application.js';
import { createBareSqlite } from '../support/databases.js';
import { scratchDatabase } from '../support/scratch.js';

const filesOf = (path: string) =>
  readdirSync(dirname(path))
    .filter((name) => name.startsWith(basename(path)))
    .map((name) => join(dirname(path), name));

it('a body that was purged cannot be read in the file any more', async () => {
  const database = await scratchDatabase();
  const host = await startHost({ database });
  for (let n = 0; n < 50; n++) {
    const fields = { sequence: String(n), stream_param: `personal-${n}-`.repeat(100) };
    const signed = signCallback(streamPushCallback(fields), { key: KEY });
    expect((await host.send(signed)).status).toBe(200);
  }
  await whenListenersDone(host.app);
  const { items } = await host.app
    .get(LiveCallbackAuditService, { strict: false })
    .find({ limit: 50 });
  const eraser = host.app.get(CallbackEraser, { strict: false });
  const ids = items.map(({ id }) => id);
  expect(await eraser.dropBodies({ ids, before: Date.now() + 60_000 })).toBe(50);
  await host.close();
  for (const path of filesOf(String(database.database))) {
    expect(readFileSync(path, 'latin1').match(/personal-\d+-/g)).toBeNull();
  }
});

it('a file that is made is readable for its owner only; one that is there stays as it is', async () => {
  const made = await scratchDatabase(createBareSqlite);
  const host = await startHost({ database: made });
  for (const path of filesOf(String(made.database))) {
    expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
  }
  await host.close();
  const there = await scratchDatabase(createBareSqlite);
  writeFileSync(String(there.database), '');
  chmodSync(String(there.database), 0o640);
  await (await startHost({ database: there })).close();
  expect(statSync(String(there.database)).mode & 0o777).toBe(0o640);
});
