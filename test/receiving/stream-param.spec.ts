/** What a host that keeps no push credentials has of them: nothing, wherever a body goes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';

import { LiveCallbackAuditService, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { CallbackSpool } from '../../src/storage/spool/callback.spool.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { scratchHost } from '../support/scratch.js';

const SECRET = 'PushCredential0123';
const PARAM = `txSecret=${SECRET}&txTime=64F0`;

@Injectable()
class Reader {
  static seen: LiveEvent[] = [];

  @OnLiveEvent('stream-push', { id: 'reader' })
  read(event: LiveEvent): void {
    Reader.seen.push(event);
  }
}

/** A host that keeps no credentials, with a spool; what is on its disk is one text. */
async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-param-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  Reader.seen = [];
  const host = await scratchHost({
    database: { type: 'better-sqlite3', database: join(folder, 'live.db') },
    module: { providers: [Reader] },
    options: { keepStreamParam: false, spool: { path: join(folder, 'spool') } },
  });
  const disk = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('');
  return { host, disk };
}

const push = (fields = {}) =>
  signCallback(streamPushCallback({ stream_param: PARAM, ...fields }), { key: KEY });

async function detailsOf(host: Host) {
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const { items } = await audit.find();
  return Promise.all(items.map(async ({ id }) => (await audit.get(id))!));
}

describe('without keepStreamParam', () => {
  it('bodies, events and files hold no stream_param, and a redelivery is still a duplicate', async () => {
    const { host, disk } = await open();
    const signed = push();
    const { body } = signed;
    for (const copy of [body, body, push({ sequence: '2' }).body]) {
      expect((await host.send({ ...signed, body: copy })).status).toBe(200);
    }
    await whenListenersDone(host.app);
    const details = await detailsOf(host);
    expect(details.map(({ receiptsCount }) => receiptsCount)).toEqual([1, 2]);
    expect(JSON.parse(details[1]!.body!)).toEqual({ ...JSON.parse(body), stream_param: '***' });
    expect(Reader.seen.map(({ data }) => data)).toMatchObject([
      { stream_param: '***' },
      { stream_param: '***' },
    ]);
    expect(disk()).toContain('stream_param');
    expect(disk()).not.toContain(SECRET);
  });

  it('nor do bodies that are odd or no JSON', async () => {
    const { host, disk } = await open();
    const signed = push({ sequence: '1' });
    const { body } = signed;
    const bodies = [
      body.replace('"stream_param"', '"stream\\u005fparam"'),
      push({ sequence: '2', nested: JSON.stringify({ streamParam: PARAM }) }).body,
      push({ sequence: '3', stream_id: 'broken' }).body.replace('"broken"', '"bro"ken"'),
    ];
    for (const copy of bodies) {
      expect((await host.send({ ...signed, body: copy })).status).toBe(200);
    }
    await whenListenersDone(host.app);
    const states = (await detailsOf(host)).map(({ state }) => state);
    expect(states.toSorted()).toEqual(['accepted', 'accepted', 'quarantined']);
    expect(disk()).not.toContain(SECRET);
  });

  it('nor does the spool, out of which they come as those that were stored at once', async () => {
    const { host, disk } = await open();
    const { writer } = host.app.get(CallbackDatabase, { strict: false });
    const away = vi.spyOn(writer, 'insert');
    away.mockRejectedValue(Object.assign(new Error('away'), { code: 'SQLITE_BUSY' }));
    const signed = push();
    expect((await host.send(signed)).status).toBe(200);
    const spool = host.app.get(CallbackSpool, { strict: false });
    expect(spool.waiting).toBe(1);
    expect(disk()).not.toContain(SECRET);
    away.mockRestore();
    await expect.poll(() => spool.waiting, { timeout: 10_000 }).toBe(0);
    expect((await host.send(signed)).status).toBe(200);
    const details = await detailsOf(host);
    expect(details).toMatchObject([{ receiptsCount: 2 }]);
    expect(disk()).not.toContain(SECRET);
  });
});
