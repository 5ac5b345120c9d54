/**
 * A second look at stored callbacks, on every database: what an earlier version of an application
 * stored as unknown or quarantined is accepted and delivered by one that has the kind, once to each
 * listener, however many applications look at the same time. What was received does not change.
 */
import { Injectable } from '@nestjs/common';
import { IsString } from 'class-validator';
import type { DataSourceOptions } from 'typeorm';
import { DataSource } from 'typeorm';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  onLiveCallbackSignal,
  OnLiveEvent,
  type CustomLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { BARE, bareCallback, MIX, mixCallback, MixDto } from '../support/custom-kinds.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

/** The kind as an earlier version had it: it wanted a field that CSS does not send. */
class EarlierMixDto {
  @IsString()
  mix_id!: string;

  @IsString()
  template!: string;
}
const EARLIER_MIX: CustomLiveEvent = { ...MIX, dto: EarlierMixDto, occurredAt: undefined };

@Injectable()
class Everything {
  readonly events: LiveEvent[] = [];
  isBroken = false;

  /** Tries again later than any test looks. */
  @OnLiveEvent('*', { id: 'everything', backoffMs: 60_000 })
  onEvent(event: LiveEvent): void {
    if (this.isBroken) throw new Error('broken');
    this.events.push(event);
  }
}

@Injectable()
class Mixes {
  readonly events: LiveEvent<'test-mix'>[] = [];

  @OnLiveEvent('test-mix', { id: 'mixes' })
  onMix(event: LiveEvent<'test-mix'>): void {
    this.events.push(event);
  }
}

@Injectable()
class Others {
  readonly events: LiveEvent[] = [];

  @OnLiveEvent(['unknown', 'stream-push'], { id: 'others' })
  onOther(event: LiveEvent<'unknown' | 'stream-push'>): void {
    this.events.push(event);
  }
}

const auditOf = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });

async function send(host: Host, callback: object): Promise<void> {
  const { status } = await host.send(signCallback(callback, { key: KEY }));
  expect(status).toBe(200);
  await whenListenersDone(host.app);
}

async function requeue(host: Host, filter?: Parameters<LiveCallbackAuditService['requeue']>[0]) {
  const summary = await auditOf(host).requeue(filter);
  await whenListenersDone(host.app);
  return summary;
}

/** The rows as the database has them, oldest first. */
function rowsOf({ app }: Host): Promise<LiveCallback[]> {
  const repository = app.get(DataSource, { strict: false }).getRepository(LiveCallback);
  return repository.find({ order: { id: 'ASC' } });
}

async function detailsOf(host: Host) {
  const details = [];
  for (const { id } of await rowsOf(host)) details.push((await auditOf(host).get(id))!);
  return details;
}

/** What must never change about a row. */
const received = ({
  id,
  body,
  receivedAt,
  lastReceivedAt,
  contentDigest,
  receiptsCount,
  remoteAddress,
  eventType,
}: LiveCallback) => ({
  id,
  body,
  receivedAt,
  lastReceivedAt,
  contentDigest,
  receiptsCount,
  remoteAddress,
  eventType,
});

describe.each(FEATURE_DATABASES)('on $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('a callback of an earlier version', () => {
    let database: DataSourceOptions;

    beforeEach(async () => {
      database = await scratchDatabase(create);
    });

    /** Runs an earlier version, and ends it. */
    async function earlier(
      callbacks: readonly object[],
      kinds: readonly CustomLiveEvent[] = [],
      providers: (new () => object)[] = [],
    ): Promise<void> {
      const host = await scratchHost({ database, options: { kinds }, module: { providers } });
      for (const callback of callbacks) await send(host, callback);
      await host.close();
    }

    const later = (
      providers: (new () => object)[] = [Everything, Mixes, Others],
      kinds: readonly CustomLiveEvent[] = [MIX],
    ) => scratchHost({ database, options: { kinds }, module: { providers } });

    it.each<[string, readonly CustomLiveEvent[], object]>([
      ['unknown', [], { kind: 'unknown', state: 'unknown', errors: null }],
      [
        'quarantined',
        [EARLIER_MIX],
        { kind: 'test-mix', state: 'quarantined', errors: ['template must be a string'] },
      ],
    ])('that was %s is accepted, typed and delivered once', async (_state, kinds, before) => {
      const callback = mixCallback({ mix_id: 'one', event_time: 1_764_000_123 });
      await earlier([callback], kinds);
      const host = await later();
      const [row] = (await rowsOf(host)) as [LiveCallback];
      expect(row).toMatchObject(before);

      expect(await requeue(host)).toEqual({ accepted: 1, kept: 0 });

      const [after] = (await rowsOf(host)) as [LiveCallback];
      expect(received(after)).toEqual(received(row));
      expect(after).toMatchObject({
        kind: 'test-mix',
        state: 'accepted',
        errors: null,
        warnings: null,
        conflicting: false,
        occurredAt: new Date('2025-11-24T16:02:03.000Z'),
      });
      const detail = (await auditOf(host).get(after.id))!;
      expect(detail.data).toBeInstanceOf(MixDto);
      expect(detail.deliveries).toMatchObject([
        { listener: 'everything', state: 'done', attempts: 1, lastError: null },
        { listener: 'mixes', state: 'done', attempts: 1, lastError: null },
      ]);
      const { events } = host.app.get(Mixes);
      expect(events).toMatchObject([
        {
          id: row.id,
          kind: 'test-mix',
          stream: { domain: 'push.example.com', path: 'live', name: 'mixed' },
          occurredAt: new Date('2025-11-24T16:02:03.000Z'),
          receivedAt: row.receivedAt,
          attempt: 1,
          conflicting: false,
          data: { mix_id: 'one', layout: 'GRID' },
          raw: JSON.parse(row.body!),
        },
      ]);
      expect(events[0]?.data).toBeInstanceOf(MixDto);
      expect(host.app.get(Everything).events).toEqual(events);
      expect(host.app.get(Others).events).toEqual([]);

      expect(await requeue(host)).toEqual({ accepted: 0, kept: 0 });
      expect(await rowsOf(host)).toEqual([after]);
      expect(events).toHaveLength(1);
    });

    it('does not come again to a listener for all that had it as unknown', async () => {
      await earlier([mixCallback()], [], [Everything, Others]);
      const host = await later();
      expect(await requeue(host)).toEqual({ accepted: 1, kept: 0 });
      expect(host.app.get(Mixes).events).toHaveLength(1);
      expect(host.app.get(Everything).events).toEqual([]);
      expect(host.app.get(Others).events).toEqual([]);
      expect((await detailsOf(host))[0]?.deliveries).toMatchObject([
        { listener: 'everything', state: 'done', attempts: 1 },
        { listener: 'mixes', state: 'done', attempts: 1 },
        { listener: 'others', state: 'done', attempts: 1 },
      ]);
    });

    it('stays open for a listener that failed on it', async () => {
      const host = await scratchHost({ database, module: { providers: [Everything] } });
      host.app.get(Everything).isBroken = true;
      await send(host, mixCallback());
      await host.close();
      const next = await later();
      expect(await requeue(next)).toEqual({ accepted: 1, kept: 0 });
      expect((await detailsOf(next))[0]?.deliveries).toMatchObject([
        { listener: 'everything', state: 'pending', attempts: 1, lastError: 'Error: broken' },
        { listener: 'mixes', state: 'done' },
      ]);
    });

    it('takes its identity: another with the same is a conflicting one from now on', async () => {
      await earlier([mixCallback({ mix_id: 'one' })]);
      const host = await later();
      await requeue(host);
      await send(host, mixCallback({ mix_id: 'one', layout: 'list' }));
      expect(host.app.get(Mixes).events.map(({ conflicting }) => conflicting)).toEqual([
        false,
        true,
      ]);
    });

    it('is a conflicting one, and signalled as one, when its identity is taken', async () => {
      await earlier([mixCallback({ mix_id: 'one' })]);
      const host = await later();
      await send(host, mixCallback({ mix_id: 'one', layout: 'list' }));
      const signals: object[] = [];
      onTestFinished(onLiveCallbackSignal('conflicting', (message) => signals.push(message)));
      expect(await requeue(host)).toEqual({ accepted: 1, kept: 0 });
      const [row] = (await rowsOf(host)) as [LiveCallback];
      expect(row).toMatchObject({ state: 'accepted', conflicting: true });
      expect(host.app.get(Mixes).events.map(({ conflicting }) => conflicting)).toEqual([
        false,
        true,
      ]);
      expect(signals).toEqual([{ id: row.id, kind: 'test-mix' }]);
    });

    it('of two with one identity the one received later is the conflicting one', async () => {
      await earlier([
        mixCallback({ mix_id: 'one', layout: 'first' }),
        mixCallback({ mix_id: 'one', layout: 'second' }),
      ]);
      const host = await later();
      expect(await requeue(host)).toEqual({ accepted: 2, kept: 0 });
      expect((await rowsOf(host)).map(({ conflicting }) => conflicting)).toEqual([false, true]);
    });

    it('is delivered after those of its stream that were received before', async () => {
      await earlier(['1', '2', '3'].map((mix_id) => mixCallback({ mix_id })));
      await earlier(
        ['4', '5'].map((mix_id) => mixCallback({ mix_id })),
        [EARLIER_MIX],
      );
      const host = await later();
      expect(await requeue(host)).toEqual({ accepted: 5, kept: 0 });
      const { events } = host.app.get(Mixes);
      expect(events.map(({ data }) => data.mix_id)).toEqual(['1', '2', '3', '4', '5']);
    });

    it('keeps endless numbers, 4-byte characters and NUL through it', async () => {
      const signed = signCallback(
        mixCallback({ mix_id: 'a\u0000b\ud800😀', stream_id: 'n\u0000🎥', extra: 'BIG' }),
        { key: KEY },
      );
      const body = signed.body.replace('"BIG"', '184467440737095516169');
      const host = await scratchHost({ database });
      await host.post('/live-callback', { headers: signed.headers, body });
      await host.close();
      const next = await later();
      expect(await requeue(next)).toEqual({ accepted: 1, kept: 0 });
      expect(await rowsOf(next)).toMatchObject([{ body }]);
      expect(next.app.get(Mixes).events).toMatchObject([
        { data: { mix_id: 'a\u0000b\ud800😀' }, raw: { extra: '184467440737095516169' } },
      ]);
    });

    it('is accepted and delivered once by applications that look at the same time', async () => {
      const many = Array.from({ length: 40 }, (_one, i) =>
        mixCallback({ mix_id: `many-${i}`, stream_id: `stream-${i % 4}` }),
      );
      await earlier(many.slice(0, 20));
      await earlier(many.slice(20), [EARLIER_MIX]);
      const hosts = [await later(), await later()];
      const summaries = await Promise.all([...hosts, ...hosts].map((host) => requeue(host)));
      const accepted = summaries.reduce((sum, summary) => sum + summary.accepted, 0);
      expect(accepted).toBe(40);
      const open = async () =>
        (await detailsOf(hosts[0]!)).flatMap(({ deliveries }) =>
          deliveries.filter(({ state }) => state === 'pending'),
        );
      // Two that take the deliveries of one stream at once both step back, until a later poll.
      await vi.waitFor(async () => expect(await open()).toEqual([]), 20_000);
      for (const Listener of [Everything, Mixes]) {
        const events = hosts.flatMap(({ app }) => app.get<Everything | Mixes>(Listener).events);
        expect(events).toHaveLength(40);
        expect(new Set(events.map(({ id }) => id)).size).toBe(40);
      }
      for (const detail of await detailsOf(hosts[0]!)) {
        expect(detail).toMatchObject({
          state: 'accepted',
          conflicting: false,
          deliveries: [
            { listener: 'everything', state: 'done', attempts: 1 },
            { listener: 'mixes', state: 'done', attempts: 1 },
          ],
        });
      }
    });

    it('is accepted while callbacks come in', async () => {
      await earlier(Array.from({ length: 20 }, () => mixCallback()));
      const host = await later();
      const fresh = Array.from({ length: 20 }, () => mixCallback());
      const [summary] = await Promise.all([
        requeue(host),
        ...fresh.map((callback) => send(host, callback)),
      ]);
      await whenListenersDone(host.app);
      expect(summary).toEqual({ accepted: 20, kept: 0 });
      const ids = host.app.get(Mixes).events.map(({ id }) => id);
      expect(new Set(ids).size).toBe(40);
      expect(ids).toHaveLength(40);
    });

    it('is left alone when the filter does not name it', async () => {
      await earlier([
        mixCallback({ mix_id: 'a', stream_id: 'one' }),
        mixCallback({ mix_id: 'b', stream_id: 'two' }),
        mixCallback({ mix_id: 'c', domain: 'other.example.com' }),
        mixCallback({ mix_id: 'd', path: 'other' }),
      ]);
      await earlier([mixCallback({ mix_id: 'e' })], [EARLIER_MIX]);
      const host = await later();
      const [first] = (await rowsOf(host)) as [LiveCallback];
      const { events } = host.app.get(Mixes);
      const seen = () => events.splice(0).map(({ data }) => data.mix_id);

      expect(await requeue(host, { stream: 'nobody' })).toEqual({ accepted: 0, kept: 0 });
      expect(await requeue(host, { to: first.receivedAt })).toEqual({ accepted: 0, kept: 0 });
      expect(await requeue(host, { from: new Date(Date.now() + 60_000) })).toEqual({
        accepted: 0,
        kept: 0,
      });
      expect(seen()).toEqual([]);
      expect(await requeue(host, { stream: 'two' })).toEqual({ accepted: 1, kept: 0 });
      expect(seen()).toEqual(['b']);
      expect(await requeue(host, { domain: 'other.example.com' })).toEqual({
        accepted: 1,
        kept: 0,
      });
      expect(seen()).toEqual(['c']);
      expect(await requeue(host, { kind: 'test-mix' })).toEqual({ accepted: 1, kept: 0 });
      expect(seen()).toEqual(['e']);
      expect(await requeue(host, { kind: 'unknown', path: 'other' })).toEqual({
        accepted: 1,
        kept: 0,
      });
      expect(seen()).toEqual(['d']);
      expect(await requeue(host, { from: first.receivedAt })).toEqual({ accepted: 1, kept: 0 });
      expect(seen()).toEqual(['a']);
    });

    if (name !== 'SQLite') return;
    // What no statement of a database decides is asked on one of them.

    it('is recorded as failed when its listener fails on it now', async () => {
      await earlier([mixCallback()]);
      const host = await later();
      host.app.get(Everything).isBroken = true;
      expect(await requeue(host)).toEqual({ accepted: 1, kept: 0 });
      expect((await detailsOf(host))[0]).toMatchObject({
        state: 'accepted',
        deliveries: [
          { listener: 'everything', state: 'pending', attempts: 1, lastError: 'Error: broken' },
          { listener: 'mixes', state: 'done' },
        ],
      });
    });

    it('is accepted where nobody listens to it', async () => {
      await earlier([mixCallback()]);
      const host = await later([]);
      expect(await requeue(host)).toEqual({ accepted: 1, kept: 0 });
      expect(await detailsOf(host)).toMatchObject([{ state: 'accepted', deliveries: [] }]);
    });

    it('is a duplicate when it comes again afterwards', async () => {
      const callback = mixCallback();
      await earlier([callback]);
      const host = await later();
      await requeue(host);
      await send(host, callback);
      expect(await rowsOf(host)).toMatchObject([{ state: 'accepted', receiptsCount: 2 }]);
      expect(host.app.get(Mixes).events).toHaveLength(1);
    });

    it('keeps the mark that it came to the URL of another kind', async () => {
      const host = await scratchHost({ database });
      await host.send(signCallback(mixCallback(), { key: KEY }), '/live-callback/screenshot');
      await host.close();
      const next = await later();
      expect(await detailsOf(next)).toMatchObject([{ warnings: ['other-route: screenshot'] }]);
      await requeue(next);
      expect(await detailsOf(next)).toMatchObject([
        { state: 'accepted', warnings: ['other-route: screenshot'] },
      ]);
    });

    it('that does not fit yet is kept as it is, whatever the others do', async () => {
      await earlier([
        mixCallback({ mix_id: 'one' }),
        mixCallback({ mix_id: 5 }), // of a known kind now, and does not fit
        bareCallback(), // of a kind that is not known now either
        streamPushCallback({ stream_id: {} }),
        streamPushCallback({ sequence: 'fits' }),
      ]);
      const host = await later();
      const before = await rowsOf(host);
      expect(before.map(({ state }) => state)).toEqual([
        'unknown',
        'unknown',
        'unknown',
        'quarantined',
        'accepted',
      ]);
      expect(await requeue(host)).toEqual({ accepted: 1, kept: 3 });
      const after = await rowsOf(host);
      expect(after[0]).toMatchObject({ state: 'accepted' });
      expect(after.slice(1)).toEqual(before.slice(1));
      expect(host.app.get(Everything).events).toHaveLength(1);
      expect(await requeue(host)).toEqual({ accepted: 0, kept: 3 });
    });

    it('of several kinds is accepted as what it is', async () => {
      await earlier([mixCallback(), bareCallback({ note: 'two' })]);
      const host = await later([Everything], [MIX, BARE]);
      expect(await requeue(host)).toEqual({ accepted: 2, kept: 0 });
      expect((await rowsOf(host)).map(({ kind }) => kind)).toEqual(['test-mix', 'test-bare']);
      const kinds = host.app.get(Everything).events.map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(['test-bare', 'test-mix']);
    });
  });
});
