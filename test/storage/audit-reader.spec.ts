/** Questions of people: few at once, not for ever, and never in the way of a callback. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { AuditReader } from '../../src/storage/connection/audit.reader.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { createModuleDataSource } from '../../src/storage/connection/module-data-source.js';
import { AuditBusyError, LiveCallbackAuditService, OnLiveEvent } from '../../src/index.js';
import { IN_TIME } from '../../src/storage/connection/drivers/sqlite.reader.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

@Injectable()
class NeverDone {
  @OnLiveEvent('*', { id: 'never-done', backoffMs: 600_000 })
  fail(): void {
    throw new Error('not now');
  }
}

/** Keeps SQLite busy for a while. */
const LONG = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
  SELECT count(*) AS count FROM n`;

/** Would keep SQLite busy for minutes. */
const ENDLESS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)
  SELECT count(*) AS count FROM n WHERE ${IN_TIME}`;

async function newReader(deadlineMs?: number, sqliteMs?: number): Promise<AuditReader> {
  const host = await scratchConnection(await scratchDatabase());
  const reader = new AuditReader(() => createModuleDataSource(host), deadlineMs, sqliteMs);
  onTestFinished(() => reader.close());
  return reader;
}

/** A question that is answered when it is told to. */
function pending() {
  let answer!: () => void;
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  return { ask: () => isAnswered, answer };
}

describe('a question', () => {
  it('waits while another one runs, and then has its turn', async () => {
    const reader = await newReader();
    const first = pending();
    const running = reader.read(first.ask);
    let isSecond = false;
    const second = reader.read(async () => (isSecond = true));
    await sleep(20);
    expect(isSecond).toBe(false);
    first.answer();
    await Promise.all([running, second]);
    expect(isSecond).toBe(true);
  });

  it('has its turn beside one that takes long, and waits while two do', async () => {
    const reader = await newReader();
    const long = [pending(), pending()];
    const running = [reader.read(long[0]!.ask)];
    await expect(reader.read(async () => 'beside it')).resolves.toBe('beside it');
    running.push(reader.read(long[1]!.ask));
    let isThird = false;
    const third = reader.read(async () => (isThird = true));
    await sleep(300);
    expect(isThird).toBe(false);
    long[0]!.answer();
    await third;
    long[1]!.answer();
    await Promise.all(running);
    expect(isThird).toBe(true);
  });

  it('is refused when a thousand wait', async () => {
    const reader = await newReader();
    const { ask, answer } = pending();
    const all = Array.from({ length: 1_001 }, () => reader.read(ask));
    await expect(reader.read(ask)).rejects.toBeInstanceOf(AuditBusyError);
    answer();
    await Promise.all(all);
    await expect(reader.read(async () => 'fine')).resolves.toBe('fine');
  });

  it('that takes too long is given up, and its place is free when the database is', async () => {
    const reader = await newReader(50);
    const { ask, answer } = pending();
    let ran = 0;
    const late = [ask, ask, async () => void ran++].map((question) => reader.read(question));
    for (const one of late) await expect(one).rejects.toMatchObject({ code: 'audit-busy' });
    answer();
    await expect(reader.read(async () => 'fine')).resolves.toBe('fine');
    expect(ran).toBe(0);
  });

  it('that is wrong fails alone', async () => {
    const reader = await newReader();
    const wrong = reader.read((tables) => tables.query('SELECT missing'));
    await expect(wrong).rejects.toMatchObject({ message: 'no such column: missing' });
    const right = reader.read((tables) => tables.query('SELECT ? AS a', [true]));
    await expect(right).resolves.toEqual([{ a: 1 }]);
  });

  it('may change nothing', async () => {
    const host = await scratchConnection(await scratchDatabase());
    await host.query('CREATE TABLE mine (id int)');
    const reader = new AuditReader(() => createModuleDataSource(host));
    onTestFinished(() => reader.close());
    const insert = 'INSERT INTO mine VALUES (1) RETURNING id';
    const change = reader.read((tables) => tables.query(insert));
    await expect(change).rejects.toThrow('attempt to write a readonly database');
  });

  it('to SQLite is stopped after its time, and the next one is answered', async () => {
    const reader = await newReader(60_000, 200);
    const endless = reader.read((tables) => tables.query(ENDLESS));
    await expect(endless).rejects.toBeInstanceOf(AuditBusyError);
    await expect(reader.read((tables) => tables.query('SELECT 1 AS a'))).resolves.toEqual([
      { a: 1 },
    ]);
  });

  it('to SQLite ends with the application', async () => {
    const reader = await newReader(60_000, 60_000);
    const failed = reader.read((tables) => tables.query(ENDLESS)).catch(String);
    await sleep(300);
    const began = performance.now();
    await reader.close();
    expect(await failed).toBe('Error: The application has stopped');
    // Otherwise the thread is given up after 500 ms, and reads on.
    expect(performance.now() - began).toBeLessThan(450);
  });

  it.each<[string, (audit: LiveCallbackAuditService) => Promise<unknown>]>([
    ['a page', (audit) => audit.find()],
    ['a filter', (audit) => audit.find({ stream: 'a', state: 'accepted' })],
    ['pending deliveries', (audit) => audit.find({ delivery: 'pending' })],
    ['deliveries of a kind', (audit) => audit.find({ delivery: 'pending', kind: 'stream-push' })],
    ['figures', (audit) => audit.stats()],
  ])('to SQLite looks at the time: %s', async (_what, ask) => {
    const host = await scratchHost({ module: { providers: [NeverDone] } });
    const fields = { stream_id: 'a' };
    const signed = signCallback(streamPushCallback(fields), { key: KEY });
    expect((await host.send(signed)).status).toBe(200);
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    await ask(audit);
    const reader = host.app.get(CallbackDatabase, { strict: false })['reader'];
    const { thread } = (await reader['opened'])!;
    Object.assign(thread!, { timeoutMs: -1 });
    await expect(ask(audit)).rejects.toBeInstanceOf(AuditBusyError);
  });

  it('to SQLite leaves the event loop alone', async () => {
    const reader = await newReader(60_000);
    await reader.read((tables) => tables.query('SELECT 1'));
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    const answer = await reader
      .read((tables) => tables.query<{ count: number }[]>(LONG))
      .finally(() => clearInterval(turning));
    expect(answer).toEqual([{ count: 1_000_000 }]);
    expect(turns).toBeGreaterThan(10);
  });
});

describe.each(DATABASES)('beside questions that hang on $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('callbacks are stored, and the audit API says 503', async () => {
    const database = await scratchDatabase(create);
    const token = 'TokenOfTheAuditApi';
    const host = await scratchHost({ database, options: { audit: { token } } });
    const questions = host.app.get(CallbackDatabase, { strict: false });
    const { ask, answer } = pending();
    // Each holds a connection of those that questions have.
    const hold = (tables: DataSource) => tables.query('SELECT 1').then(ask);
    const all = Array.from({ length: 1_002 }, () => questions.read(hold).catch(() => {}));
    for (let count = 0; count < 20; count++) {
      const callback = streamPushCallback({ sequence: String(count) });
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
    }
    const headers = { authorization: `Bearer ${token}` };
    const url = `${host.url}/live-callback/audit/stats`;
    const busy = await fetch(url, { headers });
    expect([busy.status, await busy.json()]).toMatchObject([
      503,
      { message: expect.stringContaining('takes too long') },
    ]);
    answer();
    await Promise.all(all);
    expect((await fetch(url, { headers })).status).toBe(200);
  });
});
