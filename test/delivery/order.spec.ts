/**
 * The order of a stream when several nodes receive its callbacks: for each listener one run after the
 * other, wherever they run, in the order in which the callbacks were acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, type Type } from '@nestjs/common';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { CALLBACK_BATCHES } from '../../src/storage/batch.limits.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { DeliveryClaimer } from '../../src/storage/delivery.claimer.js';
import { LiveCallbackAuditService, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';
import { seededRandom } from '../support/seeded-random.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const OK = { status: 200 };

/** One run of a listener, on whichever node. */
interface Run {
  readonly stream: string;
  readonly sequence: string;
  readonly attempt: number;
  readonly isReplay: boolean;
  /** Runs of the same stream that had begun and not ended when this one began. */
  readonly beside: readonly string[];
}

/** What the listeners of all nodes of a test have done. */
class Journal {
  readonly runs: Run[] = [];
  private readonly running = new Set<Run>();

  async witness(event: LiveEvent, work: () => Promise<unknown>): Promise<void> {
    const { attempt, replay, stream, data } = event;
    const beside = [...this.running].filter((other) => other.stream === stream.name);
    const run: Run = {
      stream: String(stream.name),
      sequence: (data as { sequence: string }).sequence,
      attempt,
      isReplay: replay !== null,
      beside: beside.map(({ sequence }) => sequence),
    };
    this.runs.push(run);
    this.running.add(run);
    try {
      await work();
    } finally {
      this.running.delete(run);
    }
  }

  /** Sequences of a stream in the order in which they ran first. */
  firstRuns(stream: string): string[] {
    const runs = this.runs.filter((run) => run.stream === stream);
    return [...new Set(runs.map(({ sequence }) => sequence))];
  }
}

/** A listener for one node; the nodes share the journal. */
function listenerOf(journal: Journal, work: (event: LiveEvent) => Promise<unknown>): Type {
  @Injectable()
  class Ordered {
    @OnLiveEvent('stream-push', { id: 'ordered', backoffMs: 10 })
    onPush(event: LiveEvent): Promise<void> {
      return journal.witness(event, () => work(event));
    }
  }
  return Ordered;
}

const push = (stream: string, sequence: number | string) =>
  signCallback(streamPushCallback({ stream_id: stream, sequence: String(sequence) }), { key: KEY });
const auditOf = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });
const writerOf = ({ app }: Host) => app.get(CallbackDatabase, { strict: false }).writer;
const idOf = async (host: Host, stream: string, sequence: string) => {
  const { items } = await auditOf(host).find({ stream, limit: 500 });
  return items.find((item) => item.sequence === sequence)!.id;
};

async function whenAllDone(operator: DataSource): Promise<void> {
  await vi.waitFor(
    async () => {
      const open = await operator.query<unknown[]>(
        "SELECT 1 FROM live_callback_delivery WHERE state <> 'done'",
      );
      expect(open).toEqual([]);
    },
    { timeout: 25_000, interval: 100 },
  );
}

describe.each(DATABASES)('with $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('the order of a stream', () => {
    it('holds across two nodes that get its callbacks in turn, with failures and replays between', async () => {
      const STREAMS = 5;
      const EVENTS = 20;
      const random = seededRandom(20_261_122);
      const journal = new Journal();
      const failing = new Set(['3', '7', '12']);
      const work = async ({ attempt, data, replay }: LiveEvent) => {
        await sleep(random.below(4));
        const { sequence } = data as { sequence: string };
        if (attempt === 1 && replay === null && failing.has(sequence)) throw new Error('later');
      };
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const nodes: Host[] = [];
      for (let index = 0; index < 2; index++) {
        const module = { providers: [listenerOf(journal, work)] };
        nodes.push(await scratchHost({ database, module }));
      }
      const streams = Array.from({ length: STREAMS }, (_, index) => `stream-${index}`);
      const sendAll = async (stream: string) => {
        for (let sequence = 0; sequence < EVENTS; sequence++) {
          const signed = push(stream, sequence);
          const node = random.pick(nodes);
          expect(await node.send(signed)).toMatchObject(OK);
          // Some come again, here or there.
          const again = sequence % 4 === 0 ? random.pick(nodes).send(signed) : { status: 200 };
          expect(await again).toMatchObject(OK);
          if (sequence % 6 === 5) {
            // Of one that is done by now or not: only then is it open again.
            const id = await idOf(node, stream, String(sequence - 4));
            await auditOf(node).replay(id, { reason: 'mixed in', actor: 'test' });
          }
        }
      };
      await Promise.all(streams.map(sendAll));
      await whenAllDone(operator);
      const expected = Array.from({ length: EVENTS }, (_, sequence) => String(sequence));
      for (const stream of streams) expect(journal.firstRuns(stream)).toEqual(expected);
      expect(journal.runs.filter(({ beside }) => beside.length > 0)).toEqual([]);
      const repeats = journal.runs.filter((run) => run.attempt > 1 && !run.isReplay);
      expect(repeats).toHaveLength(STREAMS * failing.size);
    }, 40_000);

    it('holds when what a dead node left is taken over while later callbacks arrive', async () => {
      const journal = new Journal();
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const module = { providers: [listenerOf(journal, () => Promise.resolve())] };
      const host = await scratchHost({ database, module });
      for (const sequence of [1, 2, 3]) {
        expect(await host.send(push('a', sequence))).toMatchObject(OK);
      }
      await whenListenersDone(host.app);
      journal.runs.length = 0;
      const writer = writerOf(host);
      const claim = writer.claim.bind(writer);
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const held = vi.spyOn(writer, 'claim').mockImplementation(async (...args) => {
        const claimed = await claim(...args);
        await gate;
        return claimed;
      });
      await operator.query(
        "UPDATE live_callback_delivery SET state = 'pending', lease_owner = 'dead', lease_until = 1",
      );
      await vi.waitFor(() => expect(held).toHaveBeenCalled(), 5_000);
      // They are leased to this process now, which does not know of it yet.
      expect(await host.send(push('a', 4))).toMatchObject(OK);
      expect(await host.send(push('b', 1))).toMatchObject(OK);
      expect(journal.runs).toEqual([]);
      release();
      await whenAllDone(operator);
      expect(journal.firstRuns('a')).toEqual(['1', '2', '3', '4']);
    });

    it('holds when a poll finds what another node stored before what this one is about to hand on', async () => {
      const journal = new Journal();
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const module = { providers: [listenerOf(journal, () => Promise.resolve())] };
      const [host, other] = [
        await scratchHost({ database, module }),
        await scratchHost({ database, module }),
      ];
      const deliveries = host.app.get(DeliveryClaimer, { strict: false });
      const claim = deliveries.claim.bind(deliveries);
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const held = vi.spyOn(deliveries, 'claim').mockImplementation(async (...args) => {
        await gate;
        return claim(...args);
      });
      await vi.waitFor(() => expect(held).toHaveBeenCalled(), 5_000);
      // It waits behind the poll, which has not looked yet.
      expect(await host.send(push('a', 1))).toMatchObject(OK);
      expect(await other.send(push('a', 2))).toMatchObject(OK);
      release();
      await whenAllDone(operator);
      expect(journal.firstRuns('a')).toEqual(['1', '2']);
    });

    it('holds after a commit that came later than its deadline', async () => {
      const limits = CALLBACK_BATCHES as { deadlineMs: number };
      const { deadlineMs } = limits;
      limits.deadlineMs = 300;
      onTestFinished(() => void (limits.deadlineMs = deadlineMs));
      const journal = new Journal();
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const module = { providers: [listenerOf(journal, () => Promise.resolve())] };
      const host = await scratchHost({ database, module });
      const writer = writerOf(host);
      const insert = writer.insert.bind(writer);
      vi.spyOn(writer, 'insert').mockImplementationOnce(async (...batch) => {
        await sleep(1_000);
        return insert(...batch);
      });
      const first = push('a', 1);
      expect(await host.send(first)).toMatchObject({ status: 503 });
      // It waits for the batch that is being written, and is told that this one is known.
      await vi.waitFor(async () => expect(await host.send(first)).toMatchObject(OK), 5_000);
      expect(await host.send(push('a', 2))).toMatchObject(OK);
      await whenListenersDone(host.app);
      expect(journal.firstRuns('a')).toEqual([]);
      // As after 8 s: nobody renews what nobody has.
      await operator.query(
        'UPDATE live_callback_delivery SET lease_until = 1 WHERE lease_owner IS NOT NULL',
      );
      await whenAllDone(operator);
      expect(journal.firstRuns('a')).toEqual(['1', '2']);
      expect(journal.runs).toHaveLength(2);
    }, 30_000);

    it('holds when the database goes away before the first of two can be handed on', async () => {
      const journal = new Journal();
      const database = await scratchDatabase(create);
      const operator = await scratchConnection(database);
      const module = { providers: [listenerOf(journal, () => Promise.resolve())] };
      const host = await scratchHost({ database, module });
      let fail = (_error: Error) => {};
      const asking = new Promise<never>((_resolve, reject) => (fail = reject));
      vi.spyOn(writerOf(host), 'contested').mockReturnValueOnce(asking);
      // Both are committed when nobody can be asked about the first one.
      for (const sequence of [1, 2]) {
        expect(await host.send(push('a', sequence))).toMatchObject(OK);
      }
      fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      await whenListenersDone(host.app);
      expect(journal.firstRuns('a')).toEqual([]);
      // As after 8 s: nobody renews what nobody has.
      await operator.query(
        'UPDATE live_callback_delivery SET lease_until = 1 WHERE lease_owner IS NOT NULL',
      );
      await whenAllDone(operator);
      expect(journal.firstRuns('a')).toEqual(['1', '2']);
    });
  });
});

describe('with SQLite, a delivery that another node had meanwhile', () => {
  it('keeps its place in the order when its first holder gets it back', async () => {
    const journal = new Journal();
    const database = await scratchDatabase();
    const operator = await scratchConnection(database);
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const module = { providers: [listenerOf(journal, () => gate)] };
    const host = await scratchHost({ database, module, options: HURRIED });
    for (const sequence of [1, 2, 3]) {
      expect(await host.send(push('a', sequence))).toMatchObject(OK);
    }
    // The first one runs, the others wait behind it. Another node takes the second one…
    const id = await idOf(host, 'a', '2');
    const change = (values: string) =>
      operator.query(`UPDATE live_callback_delivery SET ${values} WHERE callback_id = '${id}'`);
    await change("fence = 2, attempts = 2, lease_owner = 'dead', lease_until = 9999999999999");
    const renew = vi.spyOn(writerOf(host), 'renew');
    await vi.waitFor(
      async () => {
        const lost = await Promise.all(renew.mock.results.map(({ value }) => value));
        expect(lost.flat()).toMatchObject([{ callbackId: id, fence: 1 }]);
      },
      { timeout: 10_000, interval: 50 },
    );
    // …and dies.
    await change('lease_until = 1');
    release();
    await whenAllDone(operator);
    expect(journal.runs.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      ['1', 1],
      ['2', 3],
      ['3', 1],
    ]);
  }, 30_000);
});

describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))(
  'with $name',
  ({ name, isAbsent, create }) => {
    it.skipIf(isAbsent)(
      'the order of a stream holds after a commit whose answer was lost, and nothing is doubled',
      async () => {
        const journal = new Journal();
        const options = (await scratchDatabase(create)) as { host: string; port: number };
        const operator = await scratchConnection(options as DataSourceOptions);
        const proxy = await startTcpProxy(options.host, options.port);
        onTestFinished(() => proxy.close());
        const host = await scratchHost({
          database: { ...options, host: '127.0.0.1', port: proxy.port } as DataSourceOptions,
          module: { providers: [listenerOf(journal, () => Promise.resolve())] },
        });
        const countOf = async (sequence: number) => {
          const rows = await operator.query<{ count: number | string }[]>(
            `SELECT count(*) AS count FROM live_callback WHERE sequence = '${sequence}'`,
          );
          return Number(rows[0]?.count);
        };
        const first = push('a', 1);
        const lose = name === 'PostgreSQL' ? loseOnTheWay(proxy) : loseAfterCommit;
        await loseAnswer(host, lose);
        const sending = host.send(first);
        await vi.waitFor(async () => expect(await countOf(1)).toBe(1), 5_000);
        // It is committed, and nobody but the database knows.
        await proxy.restore();
        expect(await sending).toMatchObject({ status: 503 });
        vi.restoreAllMocks();
        await vi.waitFor(
          async () => expect(await host.send(push('a', 2))).toMatchObject(OK),
          5_000,
        );
        expect(await host.send(first)).toMatchObject(OK);
        await whenListenersDone(host.app);
        expect(journal.firstRuns('a')).toEqual([]);
        // As after 8 s: nobody renews what nobody has.
        await operator.query(
          'UPDATE live_callback_delivery SET lease_until = 1 WHERE lease_owner IS NOT NULL',
        );
        await whenAllDone(operator);
        expect(journal.firstRuns('a')).toEqual(['1', '2']);
        expect(journal.runs).toHaveLength(2);
        expect(await countOf(1)).toBe(1);
      },
      30_000,
    );
  },
);

type Lose = <T>(inserted: Promise<T>) => Promise<T>;

/** The answer to the only request of an insert. */
function loseOnTheWay(proxy: TcpProxy): Lose {
  return (inserted) => {
    setImmediate(() => proxy.mute());
    return inserted;
  };
}

/** Where an insert is several requests, of which the last one commits. */
async function loseAfterCommit(inserted: Promise<unknown>): Promise<never> {
  await inserted;
  throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

async function loseAnswer(host: Host, lose: Lose): Promise<void> {
  const writer = writerOf(host);
  const insert = writer.insert.bind(writer);
  await host.app.get(CallbackDatabase, { strict: false }).probe(); // there is a connection
  vi.spyOn(writer, 'insert').mockImplementation((...args) => lose(insert(...args)));
}
