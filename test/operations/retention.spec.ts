/**
 * Forgetting, on every database: bodies before rows, never what is undelivered or unreviewed, in small
 * batches beside callbacks that arrive and listeners that run, and by whichever clock is behind.
 */
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type DataSourceOptions } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  NonRetryableError,
  OnLiveEvent,
  onLiveCallbackSignal,
  type LiveEvent,
  type PurgeRequest,
  type PurgeSummary,
} from '../../src/index.js';
import { FIRST_ID, IdSource } from '../../src/common/id.source.js';
import { CallbackEraser } from '../../src/storage/callback.eraser.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { figuresSql } from '../../src/operations/health/backlog.query.js';
import {
  deliveriesOfPage,
  page,
  pageOfRejections,
} from '../../src/operations/retention/purge.candidates.js';
import {
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { MIX, mixCallback } from '../support/custom-kinds.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { LogLines } from '../support/log-lines.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const idSource = new IdSource();

const DAY = 86_400_000;
const POLICY = { bodyDays: 30, rowDays: 365, rejectionDays: 30 };
const NOTHING: PurgeSummary = { bodies: 0, rows: 0, rejections: 0, discarded: 0, held: 0 };

@Injectable()
class Pushes {
  readonly seen: string[] = [];

  @OnLiveEvent('stream-push', { id: 'pushes' })
  onPush({ id }: LiveEvent): void {
    this.seen.push(id);
  }
}

@Injectable()
class Pictures {
  isBroken = true;

  @OnLiveEvent('screenshot', { id: 'pictures' })
  onPicture(): void {
    if (this.isBroken) throw new NonRetryableError('no pictures');
  }
}

@Injectable()
class Interruptions {
  @OnLiveEvent('stream-interrupt', { id: 'interruptions', backoffMs: 600_000 })
  onInterrupt(): void {
    throw new Error('later');
  }
}

const PROVIDERS = [Pushes, Pictures, Interruptions];

describe.each(FEATURE_DATABASES)('with $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('a purge', () => {
    let database: DataSourceOptions;
    let host: Host;
    let audit: LiveCallbackAuditService;
    let dataSource: DataSource;
    let now: number;
    let latest: string;
    const logger = new LogLines();
    const clock = () => now;

    beforeEach(async () => {
      now = Date.now();
      database = await scratchDatabase(create);
      host = await start();
      audit = host.app.get(LiveCallbackAuditService, { strict: false });
      dataSource = host.app.get(DataSource, { strict: false });
      onTestFinished(onLiveCallbackSignal('stored', ({ id }) => (latest = id)));
    });

    const start = (options = {}) =>
      scratchHost({
        database,
        options: { clock, audit: { token: 'the-token-of-the-test' }, ...options },
        module: { providers: PROVIDERS },
        application: { logger },
      });

    /** Sends a callback so many days ago, and returns the id of its row, of the row before if it is not new. */
    async function send(callback: object, daysAgo = 0): Promise<string> {
      const present = now;
      now = present - daysAgo * DAY;
      try {
        const answer = await host.send(signCallback(callback, { key: KEY, clock }));
        expect(answer.status).toBe(200);
        await whenListenersDone(host.app);
        return latest;
      } finally {
        now = present;
      }
    }

    /** Deliveries end by the time of the database; here they ended when the callback was received. */
    const backdate = () =>
      dataSource.query(
        `UPDATE live_callback_delivery SET finished_at =
           (SELECT c.received_at FROM live_callback c WHERE c.id = callback_id)
         WHERE finished_at IS NOT NULL`,
      );
    /** What was reviewed was so long ago too. */
    const forgetReviews = async () => {
      await backdate();
      await dataSource.query('UPDATE live_callback SET reviewed_at = NULL');
    };

    /** Purges, after a dry run that has to say the same and change nothing. */
    async function purge(request: PurgeRequest = POLICY): Promise<PurgeSummary> {
      const tables = () => Promise.all([allCallbacks(), allDeliveries()]);
      const before = await tables();
      const dry = await audit.purge({ ...request, dryRun: true });
      expect(await tables()).toEqual(before);
      const done = await audit.purge(request);
      expect(dry).toEqual(done);
      return done;
    }
    const allCallbacks = () =>
      dataSource.getRepository(LiveCallback).find({ order: { id: 'ASC' } });
    const allDeliveries = () =>
      dataSource
        .getRepository(LiveCallbackDelivery)
        .find({ order: { callbackId: 'ASC', listener: 'ASC' } });

    it('drops bodies first and whole rows later', async () => {
      const oldest = await send(streamPushCallback(), 400);
      const old = await send(streamPushCallback({ stream_id: 'old' }), 31);
      const young = await send(streamPushCallback(), 29);
      await backdate();
      const before = (await audit.get(old))!;

      expect(await purge()).toEqual({ ...NOTHING, bodies: 2, rows: 1 });

      expect(await audit.get(oldest)).toBeNull();
      expect(await audit.get(old)).toEqual({
        ...before,
        body: null,
        bodyPurgedAt: expect.any(Date),
        data: null,
        remoteAddress: null,
      });
      expect(await audit.get(young)).toMatchObject({
        body: expect.any(String),
        bodyPurgedAt: null,
      });
      expect((await allDeliveries()).map(({ callbackId }) => callbackId)).toEqual([old, young]);
      expect(await purge()).toEqual(NOTHING);
    });

    it('keeps the memory of what came: a redelivery is a duplicate without a body too', async () => {
      const callback = streamPushCallback();
      const id = await send(callback, 40);
      await backdate();
      expect(await purge()).toMatchObject({ bodies: 1 });
      await send(callback);
      expect(await allCallbacks()).toMatchObject([{ id, receiptsCount: 2, body: null }]);
      expect(host.app.get(Pushes).seen).toEqual([id]);
    });

    it('counts age from the last thing that happened', async () => {
      const again = streamPushCallback();
      const repeated = await send(again, 400);
      await send(again, 3);
      const replayed = await send(streamPushCallback(), 400);
      const finishedNow = await send(streamPushCallback(), 400);
      await backdate();
      await audit.replay(replayed, { reason: 'again', actor: 'test' });
      await expect.poll(async () => (await audit.get(replayed))?.deliveries[0]?.state).toBe('done');
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: finishedNow }, { finishedAt: new Date() });
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: replayed }, { finishedAt: new Date(now - 400 * DAY) });
      expect(await purge()).toEqual({ ...NOTHING, held: 0 });
      expect((await allCallbacks()).map(({ id }) => id).toSorted()).toEqual(
        [repeated, replayed, finishedNow].toSorted(),
      );
    });

    it('takes nothing that is undelivered or unreviewed, whatever its age', async () => {
      await send(streamInterruptCallback(), 400);
      await send(screenshotCallback(), 400);
      await send(streamPushCallback({ stream_id: {} }), 400);
      await send(mixCallback(), 400);
      await backdate();
      const before = await allCallbacks();
      expect(await purge({ bodyDays: 1, rowDays: 7 })).toEqual({ ...NOTHING, held: 4 });
      expect(await allCallbacks()).toEqual(before);
      expect((await allDeliveries()).map(({ state }) => state).toSorted()).toEqual([
        'dead',
        'pending',
      ]);
    });

    it('takes what was unreviewed once it is replayed, requeued or discarded', async () => {
      const dead = await send(screenshotCallback(), 400);
      const given = await send(screenshotCallback(), 399);
      const broken = await send(streamPushCallback({ stream_id: {} }), 398);
      const strange = await send(mixCallback(), 397);
      const why = { reason: 'not needed', actor: 'ops' };
      host.app.get(Pictures).isBroken = false;
      await audit.replay(dead, why);
      await expect.poll(async () => (await audit.get(dead))?.deliveries[0]?.state).toBe('done');
      expect(await audit.discard(given, why)).toBe(1);
      expect(await audit.discard({ state: 'quarantined' }, why)).toBe(1);
      const later = await start({ kinds: [MIX] });
      const service = later.app.get(LiveCallbackAuditService, { strict: false });
      expect(await service.requeue()).toEqual({ accepted: 1, kept: 0 });

      expect(await audit.get(given)).toMatchObject({
        deliveries: [{ listener: 'pictures', state: 'discarded' }],
        discard: { at: expect.any(Date), ...why },
      });
      expect(await audit.get(broken)).toMatchObject({ state: 'discarded', discard: why });
      expect((await audit.find({ delivery: 'dead' })).items).toEqual([]);
      expect((await audit.find({ state: 'discarded' })).items).toMatchObject([{ id: broken }]);
      // Reviewed just now: there is time to change one's mind.
      expect(await purge()).toEqual(NOTHING);
      await forgetReviews();
      expect(await purge()).toEqual({ ...NOTHING, bodies: 4, rows: 4 });
      expect(await audit.get(strange)).toBeNull();
    });

    it('discards what nobody reviewed only where the policy says after which time', async () => {
      const dead = await send(screenshotCallback(), 200);
      const broken = await send(streamPushCallback({ stream_id: {} }), 200);
      const recent = await send(screenshotCallback(), 100);
      const pending = await send(streamInterruptCallback(), 400);
      await backdate();
      const policy = { ...POLICY, unreviewedDays: 180 };
      expect(await purge(policy)).toEqual({ ...NOTHING, bodies: 2, discarded: 2, held: 2 });
      const discard = { reason: 'nobody reviewed it in 180 days', actor: 'retention' };
      expect(await audit.get(dead)).toMatchObject({
        body: null,
        discard,
        deliveries: [{ state: 'discarded', lastError: null }],
      });
      expect(await audit.get(broken)).toMatchObject({
        body: null,
        errors: [],
        state: 'discarded',
        discard,
      });
      expect(await audit.get(recent)).toMatchObject({ deliveries: [{ state: 'dead' }] });
      expect(await audit.get(pending)).toMatchObject({ body: expect.any(String) });
    });

    it('can be undone where it only discarded', async () => {
      const dead = await send(screenshotCallback());
      const broken = await send(mixCallback());
      const why = { reason: 'a mistake', actor: 'ops' };
      expect(await audit.discard({}, why)).toBe(2);
      expect(await audit.requeue()).toEqual({ accepted: 0, kept: 0 });
      expect(await audit.requeue({ state: 'discarded' })).toEqual({ accepted: 0, kept: 1 });
      const later = await start({ kinds: [MIX] });
      const { app } = later;
      const service = app.get(LiveCallbackAuditService, { strict: false });
      expect(await service.requeue({ state: 'discarded' })).toEqual({ accepted: 1, kept: 0 });
      expect(await service.get(broken)).toMatchObject({ state: 'accepted', kind: 'test-mix' });
      for (const one of [host, later]) one.app.get(Pictures).isBroken = false;
      expect(await audit.replay(dead, why)).toHaveLength(1);
      await expect.poll(async () => (await audit.get(dead))?.deliveries[0]?.state).toBe('done');
    });

    it('takes counted refusals by their age alone', async () => {
      const rejections = dataSource.getRepository(LiveCallbackRejection);
      const add = (at: Date) => ({
        id: idSource.next(at.getTime()),
        registration: 'default',
        reason: 'expired',
        count: 1,
        remoteAddress: null,
        excerpt: null,
        firstAt: at,
        lastAt: at,
      });
      const rows = Array.from({ length: 250 }, (_one, i) => add(new Date(now - 40 * DAY + i)));
      const young = add(new Date(now - 29 * DAY));
      await rejections.insert([...rows, young]);
      expect(await purge()).toEqual({ ...NOTHING, rejections: 250 });
      expect(await rejections.find()).toMatchObject([{ id: young.id }]);
    });

    /** Rows as the store writes them, without HTTP: delivered long ago. */
    async function addOld(count: number, daysAgo: number, more: object = {}): Promise<string[]> {
      const at = now - daysAgo * DAY;
      const ids = Array.from({ length: count }, (_one, i) => idSource.next(at + i));
      const time = new Date(at);
      // TypeORM takes ever longer for each row of a large statement.
      for (let from = 0; from < count; from += 100) {
        const some = ids.slice(from, from + 100);
        await dataSource.getRepository(LiveCallback).insert(
          some.map((id) => ({
            id,
            registration: 'default',
            kind: 'stream-push',
            state: 'accepted',
            receivedAt: time,
            lastReceivedAt: time,
            receiptsCount: 1,
            conflicting: false,
            contentDigest: id,
            identityDigest: id,
            body: '{}',
            bodyEncoding: 'utf8' as const,
          })),
        );
        await dataSource.getRepository(LiveCallbackDelivery).insert(
          some.map((callbackId) => ({
            callbackId,
            listener: 'pushes',
            registration: 'default',
            orderingKey: callbackId,
            state: 'done' as const,
            attempts: 1,
            attemptsBefore: 0,
            fence: 1,
            finishedAt: time,
            ...more,
          })),
        );
      }
      return ids;
    }

    it('goes in small batches, tells its progress, and goes on where it was ended', async () => {
      await addOld(450, 40);
      const stopping = new AbortController();
      const first = await audit.purge({
        ...POLICY,
        signal: stopping.signal,
        onProgress: () => stopping.abort(),
      });
      expect(first).toEqual({ ...NOTHING, bodies: 200 });
      const progress: number[] = [];
      const second = await audit.purge({
        ...POLICY,
        onProgress: ({ bodies }) => progress.push(bodies),
      });
      expect(second).toEqual({ ...NOTHING, bodies: 250 });
      expect(progress).toEqual([200, 250]);
    });

    it('of several at once each row is purged once', async () => {
      await addOld(300, 40);
      await addOld(300, 400);
      const other = await start();
      const services = [host, other].map(({ app }) =>
        app.get(LiveCallbackAuditService, { strict: false }),
      );
      const summaries = await Promise.all(
        [...services, ...services].map((service) => service.purge(POLICY)),
      );
      const sum = (of: (summary: PurgeSummary) => number) =>
        summaries.reduce((total, summary) => total + of(summary), 0);
      // One that finds rows busy leaves them to the others, or to the next purge.
      const last = await audit.purge(POLICY);
      expect([
        sum(({ bodies }) => bodies) + last.bodies,
        sum(({ rows }) => rows) + last.rows,
      ]).toEqual([600, 300]);
      expect(await allCallbacks()).toHaveLength(300);
      expect(await allDeliveries()).toHaveLength(300);
    });

    it('disturbs neither callbacks that arrive nor listeners that run nor replays', async () => {
      const old = await addOld(600, 40);
      const dead = await addOld(50, 40, { state: 'dead', listener: 'pictures' });
      const known = Array.from({ length: 30 }, () => streamPushCallback());
      for (const callback of known) await send(callback, 40);
      await backdate();
      host.app.get(Pushes).seen.length = 0;

      const fresh = Array.from({ length: 200 }, (_one, i) =>
        streamPushCallback({ stream_id: `fresh-${i % 7}` }),
      );
      const post = async (callback: object) =>
        (await host.send(signCallback(callback, { key: KEY, clock }))).status;
      const replayOne = (id: string) => audit.replay(id, { reason: 'again', actor: 'test' });
      const other = await start();
      const [statuses, replayed] = await Promise.all([
        Promise.all([...fresh, ...known, ...known].map(post)),
        Promise.allSettled(old.slice(0, 200).toReversed().map(replayOne)),
        audit.purge(POLICY),
        other.app.get(LiveCallbackAuditService, { strict: false }).purge(POLICY),
      ]);
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
      const refused = replayed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(refused.filter((error) => error.code !== 'body-purged')).toEqual([]);
      const reopened = replayed
        .flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
        .map(({ callbackId }) => callbackId);
      // All is settled in the end, whichever node has taken it.
      await expect
        .poll(() => dataSource.getRepository(LiveCallbackDelivery).countBy({ state: 'pending' }), {
          timeout: 15_000,
        })
        .toBe(0);

      const rows = new Map((await allCallbacks()).map((row) => [row.id, row]));
      expect(rows.size).toBe(600 + 50 + 30 + 200);
      for (const id of reopened) expect(rows.get(id)).toMatchObject({ body: '{}' });
      for (const id of dead) expect(rows.get(id)).toMatchObject({ body: '{}' });
      const bodies = [...rows.values()].filter(({ body }) => body !== null);
      const deliveries = await allDeliveries();
      expect(deliveries.filter(({ state }) => state === 'dead')).toHaveLength(50);
      expect(deliveries).toHaveLength(rows.size);
      // What is there with a body is new, was repeated meanwhile, was replayed, or is a dead letter.
      const kept = new Set([...dead, ...reopened]);
      const others = bodies.filter(({ id }) => !kept.has(id));
      expect(others.filter(({ lastReceivedAt }) => lastReceivedAt.getTime() < now - DAY)).toEqual(
        [],
      );
      expect(await dataSource.getRepository(LiveCallback).countBy({ bodyPurgedAt: IsNull() })).toBe(
        bodies.length,
      );
      const ran = [host, other].flatMap(({ app }) => app.get(Pushes).seen);
      const freshIds = bodies
        .filter((row) => row.streamName?.startsWith('fresh'))
        .map((row) => row.id);
      expect(freshIds).toHaveLength(200);
      expect(ran.filter((id) => freshIds.includes(id)).toSorted()).toEqual(freshIds.toSorted());
      expect(ran.filter((id) => !freshIds.includes(id)).toSorted()).toEqual(reopened.toSorted());
    });

    it('passes over what something has happened to since it looked', async () => {
      const ids = await addOld(4, 40);
      const [repeated, replayed] = ids;
      const eraser = host.app.get(CallbackEraser, { strict: false });
      const callbacks = dataSource.getRepository(LiveCallback);
      const batch = { ids, before: now - 30 * DAY };
      const [young, old] = [new Date(now - 29 * DAY), new Date(now - 40 * DAY)];
      await callbacks.update({ id: repeated }, { lastReceivedAt: young });
      await callbacks.update({ id: replayed }, { reviewedAt: young });
      expect(await eraser.deleteCallbacks(batch)).toBe(0);
      expect(await eraser.dropBodies(batch)).toBe(2);
      expect(await eraser.dropBodies(batch)).toBe(0);
      await callbacks.update({ id: repeated }, { lastReceivedAt: old });
      await callbacks.update({ id: replayed }, { reviewedAt: old });
      expect(await eraser.dropBodies(batch)).toBe(2);
      await callbacks.update({ id: repeated }, { lastReceivedAt: young });
      await callbacks.update({ id: replayed }, { reviewedAt: young });
      expect(await eraser.deleteCallbacks(batch)).toBe(2);
      expect((await allCallbacks()).map(({ id }) => id)).toEqual([repeated, replayed]);
      expect((await allDeliveries()).map((row) => row.callbackId)).toEqual([repeated, replayed]);
    });

    it('does not wait for what somebody holds', async () => {
      const ids = await addOld(3, 40);
      // SQLite locks no rows, and writes of the module follow each other.
      const isSqlite = database.type === 'better-sqlite3';
      const runner = dataSource.createQueryRunner();
      try {
        if (!isSqlite) {
          await runner.startTransaction();
          await runner.query(`SELECT id FROM live_callback WHERE id = '${ids[1]}' FOR UPDATE`);
        }
        expect(await audit.purge(POLICY)).toEqual({ ...NOTHING, bodies: isSqlite ? 3 : 2 });
        if (!isSqlite) await runner.commitTransaction();
      } finally {
        await runner.release();
      }
      expect(await audit.purge(POLICY)).toEqual({ ...NOTHING, bodies: isSqlite ? 0 : 1 });
    });

    it('reads by an index whatever it reads', async () => {
      await addOld(2_000, 40);
      await audit.purge(POLICY);
      await addOld(500, 40, { state: 'pending' });
      const module = host.app.get(CallbackDatabase, { strict: false }).dataSource;
      const walk = { registration: 'default', after: FIRST_ID, before: now - 30 * DAY };
      const some = (await audit.find({ limit: 200 })).items.map(({ id }) => id);
      const queries = [
        page(module, walk),
        pageOfRejections(module, walk),
        deliveriesOfPage(module, some),
      ].map((query) => query.getQueryAndParameters());
      const plans: string[] = [];
      for (const [sql, parameters] of queries) plans.push(await planOf(module, sql, parameters));
      plans.push(await planOf(module, figuresSql(module, 'default'), []));
      expect(plans[3]).toContain('ix_live_callback_delivery_open');
      expect(plans[3]).toContain('ix_live_callback_state');
      for (const plan of plans) expect(plan).not.toMatch(FULL_SCAN);
    });

    if (name !== 'SQLite') return;
    // What no statement of a database decides is asked on one of them.

    it('takes the delivery of a listener that is gone once somebody discards it', async () => {
      const id = await send(streamInterruptCallback(), 400);
      const why = { reason: 'the listener is gone', actor: 'ops' };
      expect(await audit.discard(id, why)).toBe(0);
      expect(await audit.discard(id, { ...why, listeners: ['interruptions'] })).toBe(1);
      await forgetReviews();
      expect(await purge()).toEqual({ ...NOTHING, bodies: 1, rows: 1 });
    });

    it('leaves a callback that cannot be run again, and says so', async () => {
      const id = await send(screenshotCallback(), 40);
      const why = { reason: 'not needed', actor: 'ops' };
      await audit.discard(id, why);
      await forgetReviews();
      expect(await purge()).toMatchObject({ bodies: 1 });
      const message =
        'the body of this callback was purged, so there is nothing to run a listener on';
      await expect(audit.replay(id, why)).rejects.toThrow(message);
      await expect(audit.replay(id, { ...why, listeners: ['pictures'] })).rejects.toThrow(message);
      expect(await audit.replay({ kind: 'screenshot' }, why)).toEqual([]);
      expect(await audit.requeue({ state: 'discarded' })).toEqual({ accepted: 0, kept: 0 });
      expect(await allDeliveries()).toMatchObject([{ state: 'discarded' }]);
      const answer = await fetch(`${host.url}/live-callback/audit/callbacks/${id}/replay`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer the-token-of-the-test',
          'content-type': 'application/json',
        },
        body: '{"reason":"again"}',
      });
      expect([answer.status, await answer.json()]).toMatchObject([409, { message }]);
    });

    it('by a clock that was set forward takes nothing that is young', async () => {
      const id = await send(streamPushCallback());
      await backdate();
      now += 400 * DAY;
      expect(await purge()).toEqual(NOTHING);
      expect(logger.text).toMatch(/The clock of this host was set forward by 345\d{5} s/);
      now -= 800 * DAY;
      expect(await purge()).toEqual(NOTHING);
      expect(await audit.get(id)).toMatchObject({ body: expect.any(String) });
    });

    it('writes what it did to the log and signals it', async () => {
      await addOld(3, 40);
      const heard: object[] = [];
      onTestFinished(onLiveCallbackSignal('purged', (message) => heard.push(message)));
      await audit.purge({ ...POLICY, dryRun: true });
      expect(heard).toEqual([]);
      await audit.purge(POLICY);
      expect(heard).toEqual([{ ...NOTHING, bodies: 3 }]);
      expect(logger.of('log')).toContain(
        'Purged: 3 bodies, 0 callbacks, 0 rejections; 0 discarded unreviewed, 0 old ones kept as undelivered or unreviewed',
      );
    });

    it('is closed by hand over HTTP too', async () => {
      const id = await send(screenshotCallback());
      const post = (body: object) =>
        fetch(`${host.url}/live-callback/audit/callbacks/${id}/discard`, {
          method: 'POST',
          headers: {
            authorization: 'Bearer the-token-of-the-test',
            'content-type': 'application/json',
          },
          body: JSON.stringify(body),
        });
      expect((await post({})).status).toBe(400);
      const answer = await post({ reason: 'not needed' });
      expect([answer.status, await answer.json()]).toMatchObject([
        200,
        {
          id,
          bodyPurgedAt: null,
          discard: { reason: 'not needed', actor: 'audit API' },
          deliveries: [{ state: 'discarded' }],
        },
      ]);
    });
  });
});

/** What a database says when it reads a whole table, or sorts. */
const FULL_SCAN =
  /SCAN (live_callback|[crd]\b)|TEMP B-TREE FOR ORDER|Seq Scan|"table":"(live_callback\w*|[crd])","type":"(ALL|index)"|filesort/;

/** How the database goes about a query, as text. */
async function planOf(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<string> {
  const { type } = dataSource.options;
  const explain = type === 'better-sqlite3' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
  const runner = dataSource.createQueryRunner();
  try {
    if (type === 'postgres') {
      // It reads a small table whole, however many indexes there are.
      await runner.query('ANALYZE live_callback, live_callback_delivery');
      await runner.query('SET enable_seqscan = off');
    }
    const rows = (await runner.query(`${explain} ${sql}`, parameters)) as object[];
    return rows.map((row) => JSON.stringify(row)).join('\n');
  } finally {
    if (type === 'postgres') await runner.query('RESET enable_seqscan');
    await runner.release();
  }
}

describe('the schedule', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('purges some time after the start and again after each interval, until the end', async () => {
    const options = await scratchDatabase();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const heard: PurgeSummary[] = [];
    onTestFinished(onLiveCallbackSignal('purged', (summary) => heard.push(summary)));
    const host = await scratchHost({
      database: options,
      options: { retention: { intervalMinutes: 10 } },
    });
    const after = async (milliseconds: number) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
    };
    await after(59_000);
    expect(heard).toHaveLength(0);
    await after(62_000);
    vi.useRealTimers();
    await expect.poll(() => heard.length).toBe(1);
    await host.close();
  });

  it('takes counted refusals alone where retention is not asked for', async () => {
    const options = await scratchDatabase();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const heard: PurgeSummary[] = [];
    onTestFinished(onLiveCallbackSignal('purged', (summary) => heard.push(summary)));
    const host = await scratchHost({ database: options });
    const then = Date.now() - 400 * DAY;
    const old = signCallback(streamPushCallback(), { key: KEY });
    expect((await host.send(old)).status).toBe(200);
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    await dataSource.query(`UPDATE live_callback SET id = '${idSource.next(then)}',
      received_at = ${then}, last_received_at = ${then}`);
    await dataSource.getRepository(LiveCallbackRejection).insert({
      id: idSource.next(then),
      registration: 'default',
      reason: 'expired',
      count: 1,
      remoteAddress: null,
      excerpt: null,
      firstAt: new Date(then),
      lastAt: new Date(then),
    });
    await vi.advanceTimersByTimeAsync(121_000);
    vi.useRealTimers();
    await expect.poll(() => heard).toEqual([{ ...NOTHING, rejections: 1 }]);
    expect(await dataSource.query('SELECT body FROM live_callback')).toEqual([{ body: old.body }]);
  });
});

describe('a policy', () => {
  it.each<[string, PurgeRequest, string]>([
    [
      'would forget what came within a week',
      { rowDays: 6, bodyDays: 1 },
      'rowDays must be an integer from 7 to 36500, not 6.',
    ],
    [
      'would keep bodies longer than rows',
      { bodyDays: 40, rowDays: 30 },
      'rowDays must be an integer from 40 to 36500, not 30.',
    ],
    [
      'keeps no body at all',
      { bodyDays: 0 },
      'bodyDays must be an integer from 1 to 36500, not 0.',
    ],
    [
      'discards before it purges',
      { bodyDays: 40, unreviewedDays: 39 },
      'unreviewedDays must be an integer from 40 to 36500, not 39.',
    ],
    [
      'says nothing that is known',
      { days: 3 } as PurgeRequest,
      'days is no option. Options: bodyDays, rowDays, rejectionDays, unreviewedDays',
    ],
  ])('that %s is refused, at the start and by the service', async (_what, policy, message) => {
    const host = await scratchHost({});
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    await expect(audit.purge(policy)).rejects.toThrow(`purge.${message}`);
    await expect(scratchHost({ options: { retention: policy } })).rejects.toThrow(
      `retention.${message}`,
    );
  });
});
