/**
 * What the module asks of its database while others are at work there: it waits for a SQLite that
 * somebody else writes to, and tries again what a deadlock has ended.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';

import { LiveCallbackAuditService, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { retryOnContention } from '../../src/storage/connection/contention.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { findDue } from '../../src/storage/sql/due-deliveries.query.js';
import {
  screenshotCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { fileOf, scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

/** Holds the write lock of SQLite for as long as it runs. */
@Injectable()
class Writing {
  static runs = 0;

  @OnLiveEvent('screenshot', { id: 'writing', transactional: true })
  async onScreenshot(): Promise<void> {
    Writing.runs++;
    await sleep(60);
  }
}

@Injectable()
class Pushes {
  static seen: string[] = [];

  @OnLiveEvent('stream-push', { id: 'pushes' })
  onPush({ id }: LiveEvent): void {
    Pushes.seen.push(id);
  }
}

const WHY = { reason: 'again', actor: 'test' };

describe('with SQLite', () => {
  async function start() {
    Writing.runs = 0;
    Pushes.seen = [];
    const database = await scratchDatabase();
    const host = await scratchHost({ database, module: { providers: [Writing, Pushes] } });
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const send = async (callback: object) => {
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
      await whenListenersDone(host.app);
      return (await audit.find({ limit: 1 })).items[0]!.id;
    };
    return { host, audit, send, file: fileOf(database) };
  }

  it('replays in a loop wait for transactional listeners, and all of them run', async () => {
    const { audit, send } = await start();
    const push = await send(streamPushCallback());
    const pictures = [];
    for (let i = 0; i < 3; i++) pictures.push(await send(screenshotCallback()));
    expect(Writing.runs).toBe(3);
    let replays = 0;
    for (const until = performance.now() + 3_000; performance.now() < until; await sleep(20)) {
      for (const id of pictures) await audit.replay(id, WHY);
      replays += (await audit.replay(push, WHY)).length;
    }
    await expect.poll(() => Pushes.seen.length, { timeout: 10_000 }).toBe(1 + replays);
    const pending = async () => (await audit.find({ delivery: 'pending' })).items;
    await expect.poll(pending, { timeout: 10_000 }).toEqual([]);
    expect(replays).toBeGreaterThan(1);
    expect(Writing.runs).toBeGreaterThan(6);
  });

  it('a replay and a discard wait for another process that writes', async () => {
    const { audit, send, file } = await start();
    const id = await send(streamPushCallback());
    const misfit = await send(streamPushCallback({ stream_id: {} }));
    const other = new Sqlite(file);
    onTestFinished(() => void other.close());
    for (const ask of [() => audit.replay(id, WHY), () => audit.discard(misfit, WHY)]) {
      other.exec('BEGIN IMMEDIATE');
      let isAnswered = false;
      const asked = ask().finally(() => (isAnswered = true));
      await sleep(100);
      expect(isAnswered).toBe(false);
      other.exec('ROLLBACK');
      await asked;
    }
    await expect.poll(() => Pushes.seen).toEqual([id, id]);
  });

  it('a statement of a transaction is not repeated alone', async () => {
    const { host, file } = await start();
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    const other = new Sqlite(file);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    const began = performance.now();
    await expect(
      dataSource.transaction((manager) => manager.query("UPDATE live_callback SET kind = 'x'")),
    ).rejects.toThrow('database is locked');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe.each(DATABASES.slice(1))('with $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('a claim waits for nobody who holds rows of other streams', async () => {
    const database = await scratchDatabase(create);
    const host = await scratchHost({
      database,
      options: { role: 'intake' },
      module: { providers: [Pushes] },
    });
    for (const stream_id of ['a', 'b', 'c', 'b']) {
      const callback = streamPushCallback({ stream_id, sequence: randomUUID() });
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
    }
    const { dataSource, writer, now } = host.app.get(CallbackDatabase, { strict: false });
    const among = { registration: 'default', listeners: ['pushes'] };
    const [first, ...others] = await findDue(dataSource.manager, now, 10, among);
    expect(others.length).toBeGreaterThan(1);
    const other = await scratchConnection(database);
    await other.transaction(async (manager) => {
      for (const { callbackId } of others) {
        const row = `callback_id = '${callbackId}' AND listener = 'pushes'`;
        await manager.query(`SELECT state FROM live_callback_delivery WHERE ${row} FOR UPDATE`);
      }
      const claimed = await writer.claim([Object.assign(first!, { isCounted: true })], {
        owner: 'node-2',
        milliseconds: 60_000,
      });
      expect(claimed).toHaveLength(1);
    });
  });
});

describe('work that is done again', () => {
  const deadlock = () => Object.assign(new Error('Deadlock found'), { errno: 1213 });
  const busy = () => Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });

  /** Fails with the errors, one after the other, and then succeeds. */
  function failing(errors: readonly Error[]) {
    const work = { calls: 0, run: () => Promise.resolve('done') };
    work.run = async () => {
      const error = errors[work.calls++];
      if (error) throw error;
      return 'done';
    };
    return work;
  }

  it('after nine deadlocks succeeds at the tenth try, and after ten fails', async () => {
    const lucky = failing(Array.from({ length: 9 }, deadlock));
    expect(await retryOnContention(lucky.run)).toBe('done');
    const unlucky = failing(Array.from({ length: 10 }, deadlock));
    await expect(retryOnContention(unlucky.run)).rejects.toThrow('Deadlock found');
    expect([lucky.calls, unlucky.calls]).toEqual([10, 10]);
  });

  it('waits for a busy database, however often it has to ask', async () => {
    const work = failing(Array.from({ length: 20 }, busy));
    expect(await retryOnContention(work.run)).toBe('done');
    expect(work.calls).toBe(21);
  });

  it('fails at once with any other error', async () => {
    const work = failing([new Error('no such table')]);
    await expect(retryOnContention(work.run)).rejects.toThrow('no such table');
    expect(work.calls).toBe(1);
  });
});
