/** `live-callback reconcile`: what the cloud knows and the tables do not, and who is told to look again. */
import { expect, it } from 'vitest';

import { cli } from '../../cli/cli-support.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import {
  DOMAIN,
  HOUR,
  MINUTE,
  startReconciled,
  trueSessions,
  knownSessions,
} from './reconciled-host.js';

const SQLITE = DATABASES.find(({ name }) => name === 'SQLite')!;
const ROOM = { domain: DOMAIN, streamName: 'room' };

it('shows what is missing, and lets the application look for it', async () => {
  const database = await SQLITE.create();
  onTestFinished(() => database.drop());
  const live = await startReconciled({ database: database.options });
  const from = new Date(live.clock.now());
  const reconcile = (...more: string[]) => {
    const to = new Date(live.clock.now()).toISOString();
    const window = ['--from', from.toISOString(), '--to', to];
    return cli(
      ['reconcile', '--domain', DOMAIN, ...window, '--endpoint', live.server.url, ...more],
      { env: { DATABASE_URL: `sqlite:${String(database.options.database)}` } },
    );
  };
  live.emulator.inject('lost-request', { attempts: Infinity, kind: 'stream-interrupt', times: 2 });
  live.emulator.inject('lost-request', { attempts: Infinity, streamName: 'unknown' });
  const open = live.emulator.pushStream(ROOM);
  const unknown = live.emulator.pushStream({ ...ROOM, streamName: 'unknown' });
  await live.clock.advance(MINUTE);
  open.interrupt();
  unknown.interrupt();
  await live.clock.advance(MINUTE);

  const run = await reconcile('--dry-run');
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/no end .*push\.example\.com\/live\/room\n/);
  expect(run.stdout).toMatch(/unknown .*push\.example\.com\/live\/unknown\n/);
  const nobody = await reconcile();
  expect([nobody.code, nobody.stderr]).toEqual([
    1,
    expect.stringContaining('No application compares this registration'),
  ]);

  await live.clock.advance(4 * HOUR);
  await live.reconciliation.cycle();
  const again = await reconcile('--json');
  expect(again.stderr).toContain('compares everything since');
  await live.pass(6 * MINUTE);
  const done = await reconcile('--dry-run', '--json');
  expect([done.code, done.json()]).toEqual([0, { differences: [], dryRun: true }]);
  expect(await knownSessions(live)).toEqual(trueSessions(live));
});

it('says what is wrong with its times', async () => {
  const run = await cli(['reconcile', '--domain', DOMAIN, '--from', '1h', '--to', '2h']);
  expect([run.code, run.stderr]).toEqual([
    2,
    expect.stringContaining('--from must be before --to'),
  ]);
});
