/**
 * Several nodes on one database, without further parts: started at once, with the same callback at
 * several of them, and with listeners of two versions.
 */
import type { Type } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { LIVE_CALLBACK_ENTITIES, LiveCallback, LiveCallbackDelivery } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { recorder, type Recorder } from '../bullmq/recorder.js';
import { KEY, startHost, type Host } from '../support/application.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { exchange, requestBytes } from '../support/raw-http.js';
import { scratchDatabase } from '../support/scratch.js';

const NODES = [0, 1, 2] as const;
const PATIENCE = { timeout: 15_000 };

describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))('on $name', (database) => {
  describe.skipIf(database.isAbsent)('three nodes', () => {
    let fresh: TestDatabase;
    let tables: DataSource;
    let hosts: Host[];
    let recorders: Recorder[];

    beforeAll(async () => {
      fresh = await database.create();
      recorders = NODES.map(() => recorder());
      // All at once, on an empty database.
      hosts = await Promise.all(
        recorders.map(({ listener }) => startNode(fresh.options, [listener])),
      );
      tables = await new DataSource({
        ...fresh.options,
        entities: [...LIVE_CALLBACK_ENTITIES],
      }).initialize();
    });

    beforeEach(async () => {
      await tables.query('DELETE FROM live_callback_delivery');
      await tables.query('DELETE FROM live_callback');
      for (const { seen } of recorders) seen.length = 0;
    });

    afterAll(async () => {
      for (const host of hosts ?? []) await host.close();
      await tables?.destroy();
      await fresh?.drop();
    });

    const runs = () => recorders.flatMap(({ ids }) => ids);
    const openRows = () => tables.getRepository(LiveCallbackDelivery).countBy({ state: 'pending' });

    it('that start at once have migrated once', async () => {
      const migrations = await tables.query<{ name: string }[]>(
        'SELECT name FROM live_callback_migration',
      );
      const names = migrations.map(({ name }) => name);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
    });

    it('that get the same callback at once make one row and one run of it', async () => {
      for (let n = 0; n < 25; n++) {
        const request = signCallback(streamPushCallback({ stream_id: `room-${n}` }), { key: KEY });
        const answers = await Promise.all(hosts.map((host) => host.send(request)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      }
      await expect.poll(openRows, PATIENCE).toBe(0);
      expect(await tables.getRepository(LiveCallback).countBy({ receiptsCount: 3 })).toBe(25);
      expect(new Set(runs()).size).toBe(25);
      expect(runs()).toHaveLength(25);
    });

    it('in a storm of thousands of copies make one row and one run', async () => {
      const { body } = signCallback(streamPushCallback(), { key: KEY });
      const [connections, copies] = [30, 100];
      const storm = Buffer.concat(Array<Buffer>(copies).fill(requestBytes({ body })));
      const answers = await Promise.all(
        Array.from({ length: connections }, (_, n) =>
          exchange(hosts[n % 3]!.url, storm, { answers: copies }),
        ),
      );
      const statuses = answers.flat().map(({ status }) => status);
      expect(statuses).toHaveLength(connections * copies);
      expect(new Set(statuses)).toEqual(new Set([200]));
      await expect.poll(openRows, PATIENCE).toBe(0);
      const rows = await tables.getRepository(LiveCallback).find();
      expect(rows.map(({ receiptsCount }) => receiptsCount)).toEqual([connections * copies]);
      expect(runs()).toHaveLength(1);
    });
  });

  describe.skipIf(database.isAbsent)('a rolling deployment', () => {
    it('loses and doubles nothing, whatever listeners come, go and are renamed', async () => {
      const options = await scratchDatabase(database.create);
      const [orders, renamed] = [recorder('orders'), recorder('orders')];
      const [onlyOld, onlyNew] = [recorder('only-old'), recorder('only-new')];
      // Another class, method and module: the id is what ties the rows to it.
      Object.defineProperty(renamed.listener, 'name', { value: 'OrdersOfTheNewVersion' });
      const old = await startNode(options, [orders.listener, onlyOld.listener]);
      const fresh = await startNode(options, [renamed.listener, onlyNew.listener]);
      onTestFinished(() => fresh.close());

      const idsAt: Record<'old' | 'fresh', string[]> = { old: [], fresh: [] };
      for (let n = 0; n < 20; n++) {
        // The streams are shared, so that each node comes upon lanes of the other.
        const callback = streamPushCallback({ stream_id: `room-${n % 3}`, sequence: `${n}` });
        const at = n % 2 === 0 ? 'old' : 'fresh';
        const host = at === 'old' ? old : fresh;
        expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
        idsAt[at].push(`${n}`);
      }
      await expect.poll(() => orders.seen.length + renamed.seen.length, PATIENCE).toBe(20);
      await expect.poll(() => onlyOld.seen.length, PATIENCE).toBe(10);
      await expect.poll(() => onlyNew.seen.length, PATIENCE).toBe(10);
      await old.close();
      const sequences = (...of: Recorder[]) =>
        of.flatMap(({ seen }) => seen.map(({ data }) => data.sequence!)).toSorted();
      expect(sequences(orders, renamed)).toEqual([...idsAt.old, ...idsAt.fresh].toSorted());
      expect(sequences(onlyOld)).toEqual(idsAt.old.toSorted());
      expect(sequences(onlyNew)).toEqual(idsAt.fresh.toSorted());
    });

    it('keeps what a listener of the old version has not handled until a node has it again', async () => {
      const options = await scratchDatabase(database.create);
      const failing = recorder(
        'only-old',
        () => {
          throw new Error('down');
        },
        { backoffMs: 60_000 },
      );
      const old = await startNode(options, [failing.listener]);
      await old.send(signCallback(streamPushCallback(), { key: KEY }));
      await expect.poll(() => failing.seen.length, PATIENCE).toBe(1);
      await old.close();

      const orders = recorder('orders');
      const fresh = await startNode(options, [orders.listener]);
      onTestFinished(() => fresh.close());
      await fresh.send(signCallback(streamPushCallback(), { key: KEY }));
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(1);
      const tables = await new DataSource(options).initialize();
      onTestFinished(() => tables.destroy());
      const stateOf = async () =>
        (
          await tables.query<object[]>(
            "SELECT state, attempts FROM live_callback_delivery WHERE listener = 'only-old'",
          )
        )[0];
      expect(await stateOf()).toMatchObject({ state: 'pending', attempts: 1 });

      // Its time has come.
      await tables.query('UPDATE live_callback_delivery SET next_attempt_at = 1');
      const again = recorder('only-old');
      const back = await startNode(options, [again.listener]);
      onTestFinished(() => back.close());
      await expect.poll(() => again.seen.map(({ attempt }) => attempt), PATIENCE).toEqual([2]);
      await expect.poll(stateOf, PATIENCE).toMatchObject({ state: 'done', attempts: 2 });
    });
  });
});

function startNode(database: DataSourceOptions, listeners: Type[]): Promise<Host> {
  return startHost({ database, module: { providers: listeners } });
}
