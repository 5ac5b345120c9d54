/** Erasure of what is stored about a person, by the address in the bodies, or about a stream. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import Sqlite from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveSessions,
  NonRetryableError,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { CallbackEraser } from '../../src/storage/callback.eraser.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
} from '../../src/storage/entities/index.js';
import { CallbackSpool } from '../../src/storage/spool/callback.spool.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADMIN_TOKEN, cli } from '../cli/cli-support.js';
import { KEY, type Host } from '../support/application.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { LogLines } from '../support/log-lines.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const PERSON = '203.0.113.77';
const WHY = { reason: 'request 17', actor: 'privacy' };
const NOTHING = { bodies: 0, excerpts: 0, sessions: 0, spooled: 0, held: 0 };

/** Fails for one stream for good, and for another one for now. */
@Injectable()
class Billing {
  @OnLiveEvent('stream-push', { id: 'billing', attempts: 2, backoffMs: 600_000 })
  bill({ stream }: LiveEvent): void {
    if (stream.name === 'dead') throw new NonRetryableError('no');
    if (stream.name === 'later') throw new Error('not now');
  }
}

const auditOf = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });
let sequence = 0;

async function send(host: Host, stream: string, ip: string, key = KEY) {
  const fields = { stream_id: stream, user_ip: ip, sequence: String(++sequence) };
  const signed = signCallback(streamPushCallback(fields), { key });
  return (await host.send(signed)).status;
}

async function bodiesOf(host: Host): Promise<string> {
  const found = [];
  const audit = auditOf(host);
  for await (const { id } of audit.iterate()) found.push(await audit.get(id));
  return JSON.stringify(found);
}

for (const { name, isAbsent, create } of FEATURE_DATABASES) {
  describe.skipIf(isAbsent)(`an erasure (${name})`, () => {
    it('by address takes bodies and excerpts of that person alone, and says who asked', async () => {
      const log = new LogLines();
      const host = await scratchHost({
        database: await scratchDatabase(create),
        module: { providers: [Billing] },
        application: { logger: log },
      });
      for (const stream of ['a', 'b', 'dead']) expect(await send(host, stream, PERSON)).toBe(200);
      for (const other of ['203.0.113.7', '1203.0.113.77']) await send(host, 'a', other);
      expect(await send(host, 'a', PERSON, 'AnotherKey2026ab')).toBe(401);
      await whenListenersDone(host.app);
      const rejections = host.app
        .get(CallbackDatabase, { strict: false })
        .dataSource.getRepository(LiveCallbackRejection);
      await expect.poll(() => rejections.count()).toBe(1);
      const audit = auditOf(host);
      const request = { userIp: PERSON, ...WHY };
      const expected = { ...NOTHING, bodies: 3, excerpts: 1 };
      const digestsOf = async () => {
        const rows = await host.app
          .get(DataSource, { strict: false })
          .getRepository(LiveCallback)
          .find();
        return rows.flatMap(({ contentDigest, identityDigest }) => [contentDigest, identityDigest]);
      };
      const digests = await digestsOf();
      expect(await audit.erase({ ...request, dryRun: true })).toMatchObject(expected);
      expect(await bodiesOf(host)).toContain(`\\"${PERSON}\\"`);
      const receipt = await audit.erase(request);
      expect(receipt).toMatchObject({ ...expected, ...WHY, at: expect.any(Date) });
      // The digest of a body gives an address away to whoever has the rest of it.
      const kept = (await digestsOf()).filter((digest) => digests.includes(digest));
      expect(kept).toHaveLength(2 * 2);
      expect(await audit.erase(request)).toMatchObject(NOTHING);
      const left = await bodiesOf(host);
      expect(left).not.toContain(`"${PERSON}\\"`);
      expect(left).toContain('203.0.113.7\\"');
      expect(JSON.stringify(await rejections.find())).not.toContain(PERSON);
      const { items } = await audit.find({ stream: 'dead' });
      expect(await audit.get(items[0]!.id)).toMatchObject({
        body: null,
        remoteAddress: null,
        erased: WHY,
        discard: WHY,
      });
      expect(log.of('warn').join('\n')).toContain('privacy had 3 callbacks erased');
      expect(log.text).not.toContain(PERSON);
    });

    it('by an IPv6 address finds each of its spellings, and no other address', async () => {
      const host = await scratchHost({ database: await scratchDatabase(create) });
      const spellings = ['2001:db8::7', '2001:DB8:0:0:0:0:0:7', '2001:0db8::0007'];
      for (const ip of [...spellings, '2001:db8::77', '2001:db8::7:7']) await send(host, 'a', ip);
      const request = { userIp: '2001:db8:0::7', ...WHY };
      expect(await auditOf(host).erase(request)).toMatchObject({ bodies: 3 });
      const left = await bodiesOf(host);
      for (const ip of spellings) expect(left).not.toContain(`"${ip}\\"`);
      expect(left).toContain('2001:db8::7:7');
    });

    it('by stream holds back what a listener still has to get', async () => {
      const host = await scratchHost({
        database: await scratchDatabase(create),
        module: { providers: [Billing] },
      });
      for (const stream of ['later', 'other']) expect(await send(host, stream, PERSON)).toBe(200);
      const audit = auditOf(host);
      const pending = async () => (await audit.find({ delivery: 'pending' })).items.length;
      await expect.poll(pending).toBe(1);
      const request = { stream: 'later', ...WHY };
      expect(await audit.erase(request)).toMatchObject({ ...NOTHING, held: 1 });
      await audit.discard({ stream: 'later' }, { ...WHY, listeners: ['billing'] });
      expect(await audit.erase(request)).toMatchObject({ ...NOTHING, bodies: 1 });
      expect((await audit.find({ stream: 'other' })).items).toHaveLength(1);
      expect(await bodiesOf(host)).not.toContain('later');
      const keys = host.app.get(DataSource, { strict: false }).getRepository(LiveCallbackDelivery);
      const erased = await keys.findBy({ state: 'discarded' });
      expect(erased.map(({ orderingKey }) => orderingKey)).toEqual(
        erased.map(({ callbackId }) => callbackId),
      );
      expect(await bodiesOf(host)).toContain(`\\"${PERSON}\\"`);
    });

    it('by stream forgets it where the body had gone for its age, and no rebuild brings it back', async () => {
      const host = await scratchHost({
        database: await scratchDatabase(create),
        options: { sessions: {} },
      });
      for (const stream of ['old', 'other']) expect(await send(host, stream, PERSON)).toBe(200);
      const audit = auditOf(host);
      const idsOf = async () => (await audit.find({ stream: 'old' })).items.map(({ id }) => id);
      // Its callback, and that the session started.
      await expect.poll(idsOf, { timeout: 10_000 }).toHaveLength(2);
      await whenListenersDone(host.app);
      const ids = await idsOf();
      const eraser = host.app.get(CallbackEraser, { strict: false });
      expect(await eraser.dropBodies({ ids, before: Date.now() + 60_000 })).toBe(2);
      const request = { stream: 'old', ...WHY };
      const expected = { ...NOTHING, bodies: 2, sessions: 1 };
      expect(await audit.erase({ ...request, dryRun: true })).toMatchObject(expected);
      expect(await audit.erase(request)).toMatchObject(expected);
      expect((await audit.find({ stream: 'old' })).items).toEqual([]);
      expect(await audit.get(ids[0]!)).toMatchObject({ erased: WHY });
      const sessions = host.app.get(LiveSessions, { strict: false });
      await sessions.rebuild();
      expect((await sessions.find()).items.map(({ stream }) => stream.name)).toEqual(['other']);
      expect(await audit.erase(request)).toMatchObject(NOTHING);
    });
  });
}

describe('an erasure', () => {
  it('takes what was set aside in the spool', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'live-callback-erasure-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'spool');
    await (await scratchHost({ options: { spool: { path } } })).close();
    const file = new Sqlite(path);
    const insert = file.prepare(
      `INSERT INTO spooled_callback (position, received_at, body, body_encoding, seal)
       VALUES (?, 1, ?, 'utf8', 'none')`,
    );
    insert.run(1, JSON.stringify({ user_ip: PERSON, stream_id: 'a' }));
    insert.run(2, JSON.stringify({ user_ip: '198.51.100.1', stream_id: 'a' }));
    file.close();
    const host = await scratchHost({ options: { spool: { path } } });
    const spool = host.app.get(CallbackSpool, { strict: false });
    await expect.poll(() => spool.setAside).toBe(2);
    const audit = auditOf(host);
    const request = { userIp: PERSON, ...WHY };
    expect(await audit.erase({ ...request, dryRun: true })).toMatchObject({
      ...NOTHING,
      spooled: 1,
    });
    expect(await audit.erase(request)).toMatchObject({ ...NOTHING, spooled: 1 });
    expect(spool.setAside).toBe(1);
    expect(await audit.erase({ stream: 'a', ...WHY })).toMatchObject({ ...NOTHING, spooled: 1 });
  });

  it.each([
    ['nobody', { ...WHY }, 'userIp or stream must say'],
    ['a pattern', { userIp: '%', ...WHY }, 'userIp must be an IPv4 or IPv6 address'],
    ['no reason', { stream: 'a', actor: 'privacy', reason: ' ' }, 'reason must be a text'],
  ])('of %s is refused', async (_name, request, message) => {
    const host = await scratchHost({});
    await expect(auditOf(host).erase(request)).rejects.toThrow(message);
  });

  it.each(['in the tables', 'over HTTP'])(
    'is a command %s, which asks first and fails while something is held back',
    async (way) => {
      const database = await scratchDatabase();
      const host = await scratchHost({
        database,
        options: { audit: { token: ADMIN_TOKEN } },
        module: { providers: [Billing] },
      });
      for (const stream of ['a', 'later']) await send(host, stream, PERSON);
      const audit = auditOf(host);
      await expect.poll(async () => (await audit.find({ delivery: 'done' })).items.length).toBe(1);
      const env: Record<string, string> =
        way === 'over HTTP'
          ? {
              LIVE_CALLBACK_URL: `${host.url}/live-callback`,
              LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN,
            }
          : { DATABASE_URL: `sqlite:${String(database.database)}` };
      const command = ['audit', 'erase', '--reason', 'request 17', '--actor', 'privacy'];
      expect((await cli([...command, '--yes'], { env })).code).toBe(2);
      expect((await cli([...command, '--user-ip', PERSON], { env })).code).toBe(2);
      const dry = await cli([...command, '--user-ip', PERSON, '--dry-run', '--json'], { env });
      expect(JSON.parse(dry.stdout)).toMatchObject({ ...NOTHING, bodies: 1, held: 1 });
      const done = await cli([...command, '--user-ip', PERSON, '--yes'], { env });
      expect(done.stdout).toContain(
        'Erased: 1 bodies, 0 excerpts of refusals, 0 sessions; 1 held back',
      );
      expect(done.code).toBe(1);
      const other = await cli([...command, '--stream', 'a', '--yes'], { env });
      expect(other.code).toBe(0);
    },
  );
});
