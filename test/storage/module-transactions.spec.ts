/**
 * Transactions of several statements beside callbacks that arrive and listeners that run: none becomes
 * part of them, and on a server none waits for them either.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import { LiveCallback, LiveCallbackAuditService, OnLiveEvent } from '../../src/index.js';
import { CallbackEraser } from '../../src/storage/callback.eraser.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

@Injectable()
class Pushes {
  @OnLiveEvent('stream-push', { id: 'pushes' })
  onPush(): void {}
}

describe.each(DATABASES)('with $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('a transaction of the module', () => {
    async function start() {
      const options = await scratchDatabase(create);
      const host = await scratchHost({ database: options, module: { providers: [Pushes] } });
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const database = host.app.get(CallbackDatabase, { strict: false });
      const send = async () =>
        (await host.send(signCallback(streamPushCallback(), { key: KEY }))).status;
      const count = async () => (await audit.find()).items.length;
      return { host, audit, database, send, count };
    }

    const rename = (manager: EntityManager) =>
      manager.createQueryBuilder().update(LiveCallback).set({ domain: 'renamed' }).execute();

    /** Ends when it is told to. */
    function gate() {
      let open = () => {};
      const isOpen = new Promise<void>((resolve) => (open = resolve));
      return { isOpen, open: () => open() };
    }

    it('that is undone takes neither a callback nor the outcome of a listener with it', async () => {
      const { host, audit, database, send } = await start();
      expect(await send()).toBe(200);
      await whenListenersDone(host.app);
      const { isOpen, open } = gate();
      const undone = database.transaction(async (manager) => {
        await rename(manager);
        await isOpen;
        throw new Error('undone');
      });
      await sleep(50);
      const sent = [send(), send()];
      await sleep(200);
      open();
      await expect(undone).rejects.toThrow('undone');
      expect(await Promise.all(sent)).toEqual([200, 200]);
      await whenListenersDone(host.app);
      const { items } = await audit.find();
      expect(items.map(({ stream }) => stream.domain)).not.toContain('renamed');
      expect(items).toHaveLength(3);
      expect((await audit.find({ delivery: 'done' })).items).toHaveLength(3);
    });

    it('is done again from its beginning when a deadlock has ended it', async () => {
      const { database, send, count } = await start();
      await send();
      let calls = 0;
      const answer = await database.transaction(async (manager) => {
        await manager.createQueryBuilder().delete().from(LiveCallback).execute();
        if (++calls < 3) throw Object.assign(new Error('Deadlock found'), { errno: 1213 });
        return 'done';
      });
      expect([answer, calls, await count()]).toEqual(['done', 3, 0]);
    });

    it('leaves nothing open behind when it fails, and the next one works', async () => {
      const { database, send, audit } = await start();
      await send();
      for (let i = 0; i < 6; i++) {
        const failing = database.transaction((manager) => manager.query('SELECT nonsense'));
        await expect(failing).rejects.toThrow(/nonsense/);
      }
      await database.transaction(rename);
      expect((await audit.find()).items).toMatchObject([{ stream: { domain: 'renamed' } }]);
    });

    it('that erases holds up no callback', async () => {
      const { host, database, send, count } = await start();
      for (let i = 0; i < 4; i++) await send();
      await whenListenersDone(host.app);
      const ids = (await host.app.get(LiveCallbackAuditService, { strict: false }).find()).items;
      const { isOpen, open } = gate();
      const transaction = database.transaction.bind(database);
      let isErased = false;
      vi.spyOn(database, 'transaction').mockImplementation((work) =>
        transaction(async (manager) => {
          const result = await work(manager);
          isErased = true;
          await isOpen;
          return result;
        }),
      );
      const erasing = host.app
        .get(CallbackEraser, { strict: false })
        .dropBodies({ ids: ids.slice(1).map(({ id }) => id), before: Date.now() + 60_000 });
      await vi.waitFor(() => expect(isErased).toBe(true));
      // SQLite has one writer at a time; there they are stored as soon as the transaction has ended.
      if (name === 'SQLite') setTimeout(open, 100);
      const began = performance.now();
      expect(await Promise.all(Array.from({ length: 20 }, send))).toEqual(Array(20).fill(200));
      expect(performance.now() - began).toBeLessThan(2_000);
      open();
      expect(await erasing).toBe(3);
      expect(await count()).toBe(24);
    });
  });
});
