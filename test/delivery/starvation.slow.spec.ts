/**
 * No stream starves another: however many events wait behind one that fails, the events of other streams
 * reach the same listener in time; in process and over BullMQ, on every database, after a restart, and
 * with several nodes of which one leaves.
 */
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { LeaseKeeper } from '../../src/delivery/lease.keeper.js';
import { scratchRedis, startBullHost } from '../bullmq/bull-host.js';
import type { Host } from '../support/application.js';
import { DATABASES, type DatabaseCase } from '../support/databases.js';
import { isRedisAbsent } from '../support/redis.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { Moderated, range, sendFailing } from '../support/starving.js';

const TIMEOUT_MS = 600_000;

/** How listeners run; a function that starts nodes on one database. */
const FORMS = [
  {
    form: 'in process',
    isAbsent: false,
    nodesOn: (database: DataSourceOptions, moderated: Moderated) => () =>
      scratchHost({ database, module: { providers: [moderated.newListener()] } }),
  },
  {
    form: 'over BullMQ',
    // Minutes of them are for .ci/full.
    isAbsent: isRedisAbsent || !process.env['TIMED'],
    nodesOn: (database: DataSourceOptions, moderated: Moderated) => {
      const redis = scratchRedis();
      return () => startBullHost({ database, redis, listeners: [moderated.newListener()] });
    },
  },
];

const heldBy = ({ app }: Host) => app.get(LeaseKeeper, { strict: false }).countOf('moderation');

describe.each(FORMS)('$form', (form) => {
  async function scene({ create }: DatabaseCase) {
    const moderated = new Moderated();
    const start = form.nodesOn(await scratchDatabase(create), moderated);
    return { moderated, start };
  }

  describe.each(DATABASES)('with $name', (database) => {
    const isAbsent = database.isAbsent || form.isAbsent;

    it.skipIf(isAbsent)(
      '4,000 events of a failing stream hold up nobody else',
      async () => {
        const { moderated, start } = await scene(database);
        const host = await start();
        const soon = await moderated.soonOf([host]);
        await sendFailing([host], { streams: 1, each: 4_000 });
        expect(await moderated.slowestOf([host], 1)).toBeLessThan(soon);
        // What waits behind the failing head is in the table, not in memory.
        expect(heldBy(host)).toBeLessThan(70);
      },
      TIMEOUT_MS,
    );

    it.skipIf(isAbsent)(
      '300 failing streams of 30 events each hold up none of 200 healthy ones, also after a restart',
      async () => {
        const { moderated, start } = await scene(database);
        const first = await start();
        const soon = await moderated.soonOf([first]);
        await sendFailing([first], { streams: 300, each: 30 });
        expect(await moderated.slowestOf([first], 200)).toBeLessThan(soon);
        await first.close();

        const second = await start();
        expect(await moderated.slowestOf([second], 200)).toBeLessThan(soon);
        expect(heldBy(second)).toBeLessThan(1_000);
        if (form.form !== 'in process') return;
        // Once it is healed, everything is handled, in order and at its own pace.
        moderated.isHealed = true;
        await expect
          .poll(
            () => range(300).filter((n) => moderated.handled.get(`failing-${n}`)?.length === 30),
            { timeout: 120_000, interval: 100 },
          )
          .toHaveLength(300);
        expect(moderated.handled.get('failing-0')).toEqual(range(30));
      },
      TIMEOUT_MS,
    );

    it.skipIf(isAbsent || database.name === 'SQLite')(
      '300 failing streams of 30 events each hold up none of 200 healthy ones on three nodes, of which one leaves',
      async () => {
        const { moderated, start } = await scene(database);
        const nodes = await Promise.all([start(), start(), start()]);
        const soon = await moderated.soonOf(nodes);
        await sendFailing(nodes, { streams: 300, each: 30 });
        expect(await moderated.slowestOf(nodes, 200)).toBeLessThan(soon);
        const [leaving, ...others] = nodes;
        const left = leaving.close();
        // Also while the others take over what it had.
        expect(await moderated.slowestOf(others, 200)).toBeLessThan(soon);
        await left;
        expect(await moderated.slowestOf(others, 200)).toBeLessThan(soon);
        const joining = await start();
        expect(await moderated.slowestOf([joining, ...others], 200)).toBeLessThan(soon);
      },
      TIMEOUT_MS,
    );
  });
});
