/**
 * The file in which callbacks wait for a database that is away: acknowledged, and taken in when it is
 * back, in the order in which they came.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Injectable } from '@nestjs/common';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { TIME_SCALE, TimeScale } from '../../src/common/time-scale.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import type { CallbackWriter } from '../../src/storage/sql/callback.writer.js';
import {
  OnLiveEvent,
  onLiveCallbackSignal,
  type LiveCallbackModuleOptions,
  type LiveEvent,
} from '../../src/index.js';
import { LiveCallbackHealth } from '../../src/operations/health/live-callback.health.js';
import { SpoolSeal } from '../../src/storage/spool/spool.seal.js';
import { CallbackSpool } from '../../src/storage/spool/callback.spool.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type Host } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { OUTAGES, type FaultyDatabase } from '../support/outages.js';
import { errorOfStart, scratchDatabase, scratchHost } from '../support/scratch.js';

const OK = { status: 200, text: '{"code":0}' };
const AWAY = { status: 503, text: '{"code":503}' };

let counter = 0;
const push = (fields = {}) =>
  signCallback(streamPushCallback({ sequence: String(++counter), ...fields }), { key: KEY });
const spoolOf = ({ app }: Host) => app.get(CallbackSpool, { strict: false });
const writerOf = ({ app }: Host) => app.get(CallbackDatabase, { strict: false }).writer;

/** A path for a spool that nobody has used. */
function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-spool-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'spool', 'live-callback.spool');
}

/** What two listeners have seen, in their order. */
@Injectable()
class Witness {
  static seen: Record<'first' | 'second', LiveEvent[]> = { first: [], second: [] };

  @OnLiveEvent('*', { id: 'first' })
  first(event: LiveEvent): void {
    Witness.seen.first.push(event);
  }

  @OnLiveEvent('stream-push', { id: 'second' })
  second(event: LiveEvent): void {
    Witness.seen.second.push(event);
  }
}

const module = { providers: [Witness] };

interface StoredRow {
  body: string;
  received_at: number | string;
  remote_address: string;
  warnings: string | null;
  receipts_count: number;
}

const rowsOf = (database: FaultyDatabase) =>
  database.query<StoredRow>(
    `SELECT body, received_at, remote_address, warnings, receipts_count
     FROM live_callback ORDER BY id`,
  );

async function whenEmpty(host: Host): Promise<void> {
  await vi.waitFor(() => expect(spoolOf(host).waiting).toBe(0), 20_000);
  await whenListenersDone(host.app);
}

/** Sequences of a stream, as a listener has seen them. */
const sequencesOf = (events: readonly LiveEvent[], stream: string) =>
  events
    .filter((event) => event.stream.name === stream)
    .map(({ data }) => (data as { sequence: string }).sequence);

/** Keeps the statements of a writer back until they are let go. */
function hold(writer: CallbackWriter, method: 'insert') {
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const original = writer[method].bind(writer);
  const spy = vi.spyOn(writer, method).mockImplementation(async (...args) => {
    await gate;
    return original(...args);
  });
  const reached = vi.waitFor(() => expect(spy).toHaveBeenCalled(), 15_000);
  return {
    reached: () => reached,
    release: () => {
      release();
      spy.mockRestore();
    },
  };
}

let inUse: Promise<Error>;
let holder: ReturnType<typeof spawn>;
let folder: string;

// The start waits for the other process to end; meanwhile the other tests go on.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'live-callback-held-'));
  const path = join(folder, 'spool');
  holder = spawn(
    process.execPath,
    [
      '-e',
      `const database = new (require('better-sqlite3'))(process.argv[1]);
       database.pragma('locking_mode = EXCLUSIVE');
       database.exec('BEGIN EXCLUSIVE; CREATE TABLE held (id)');
       process.stdout.write('held');
       setInterval(() => {}, 1000);`,
      path,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout!, 'data');
  const database = { type: 'better-sqlite3', database: join(folder, 'main.db') } as const;
  inUse = errorOfStart(startHost({ database, options: { spool: { path } } }));
});

afterAll(() => {
  holder?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  Witness.seen = { first: [], second: [] };
});

describe.each(OUTAGES)('with $name', ({ name, isAbsent, create }) => {
  const isSqlite = name.startsWith('SQLite');
  const adapters = isSqlite ? ADAPTERS : ADAPTERS.slice(1);

  describe.skipIf(isAbsent)('there', () => {
    it.each(adapters)(
      'callbacks of an outage are acknowledged, and stored in their order afterwards (%s)',
      async (adapter) => {
        const spooled: unknown[] = [];
        onTestFinished(onLiveCallbackSignal('spooled', (message) => spooled.push(message)));
        const log = new LogLines();
        const path = newPath();
        const database = await create();
        const host = await scratchHost({
          adapter,
          database: database.options,
          module,
          options: { spool: { path } },
          application: { logger: log },
        });
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const before = push({ stream_id: 'a' });
        expect(await host.send(before)).toMatchObject(OK);
        await whenListenersDone(host.app);

        await database.begin();
        const sent = [];
        for (const stream of ['a', 'b', 'a', 'b', 'c', 'a']) {
          const signed = push({ stream_id: stream, stream_param: '名字 \\u0000 \t"' });
          const route = stream === 'c' ? '/live-callback/record-file' : '/live-callback';
          expect(await host.send(signed, route)).toMatchObject(OK);
          sent.push(signed);
        }
        expect(spoolOf(host).waiting).toBe(6);
        expect(await rowsOf(database)).toHaveLength(1);
        expect(spooled).toEqual(sent.map(() => ({ kind: 'stream-push' })));
        const endsAt = Date.now();

        const { reached, release } = hold(writerOf(host), 'insert');
        await database.end();
        await reached();
        const behind = push({ stream_id: 'a' });
        expect(await host.send(behind)).toMatchObject(OK);
        expect(spoolOf(host).waiting).toBe(7);
        release();
        await whenEmpty(host);
        const after = push({ stream_id: 'a' });
        expect(await host.send(after)).toMatchObject(OK);
        expect(spoolOf(host).waiting).toBe(0);
        await whenListenersDone(host.app);

        const all = [before, ...sent, behind, after];
        const rows = await rowsOf(database);
        expect(rows.map(({ body }) => body)).toEqual(all.map(({ body }) => body));
        expect(rows.map((row) => row.receipts_count)).toEqual(all.map(() => 1));
        expect(new Set(rows.map((row) => row.remote_address))).toEqual(new Set(['127.0.0.1']));
        for (const row of rows.slice(0, 7)) {
          expect(Number(row.received_at)).toBeLessThanOrEqual(endsAt);
        }
        expect(rows[5]?.warnings).toContain('other-route: record-file');
        for (const events of Object.values(Witness.seen)) {
          expect(events).toHaveLength(all.length);
          for (const stream of ['a', 'b', 'c']) {
            const expected = all.filter(({ payload }) => payload['stream_id'] === stream);
            expect(sequencesOf(events, stream)).toEqual(
              expected.map(({ payload }) => payload['sequence']),
            );
          }
        }
        for (const secret of [KEY, ...all.map(({ payload }) => String(payload['sign']))]) {
          expect(log.text).not.toContain(secret);
        }
        expect(log.text).toContain('callbacks are kept in the spool');
        expect(log.text).toContain('The spool is empty');
      },
      40_000,
    );

    it('they wait in the file when the application starts again before the database is back', async () => {
      const path = newPath();
      const database = await create();
      const start = (more: Partial<LiveCallbackModuleOptions> = {}) =>
        startHost({
          database: database.options,
          module,
          options: { spool: { path }, ...more },
        });
      await (await start()).close();
      await database.begin();
      // Whoever migrates waits for a SQLite that is locked.
      const first = await start({ runMigrations: !isSqlite });
      const early = [push(), push(), push()];
      for (const signed of early) expect(await first.send(signed)).toMatchObject(OK);
      await first.close();
      const second = await start({ runMigrations: !isSqlite });
      onTestFinished(() => second.close());
      expect(spoolOf(second).waiting).toBe(3);
      const late = push();
      // The retries of one that was kept before the restart, and of one that was kept after it.
      for (const signed of [late, early[0]!, late]) {
        expect(await second.send(signed)).toMatchObject(OK);
      }
      expect(Witness.seen.first).toEqual([]);
      await database.end();
      await whenEmpty(second);
      const rows = await rowsOf(database);
      expect(rows.map((row) => [row.body, row.receipts_count])).toEqual([
        [early[0]!.body, 2],
        [early[1]!.body, 1],
        [early[2]!.body, 1],
        [late.body, 2],
      ]);
      for (const events of Object.values(Witness.seen)) {
        expect(sequencesOf(events, 'test_stream')).toEqual(
          [...early, late].map(({ payload }) => payload['sequence']),
        );
      }
    }, 60_000);
  });
});

describe('the spool', () => {
  /** Nothing can be stored, at once and until it is undone. */
  async function startWithoutTable(more: { path?: string; logger?: LogLines } = {}) {
    const { path = newPath(), logger } = more;
    const options = await scratchDatabase();
    const operator = new Sqlite(String(options.database));
    onTestFinished(() => void operator.close());
    await (await scratchHost({ database: options })).close();
    const host = await scratchHost({
      database: options,
      module,
      options: { spool: { path }, runMigrations: false },
      application: { logger: logger ?? false },
    });
    operator.exec('ALTER TABLE live_callback RENAME TO elsewhere');
    const end = () => operator.exec('ALTER TABLE elsewhere RENAME TO live_callback');
    return { host, operator, end };
  }

  it('and a commit that comes after the deadline make one row of a callback', async () => {
    const host = await scratchHost({ options: { spool: { path: newPath() } } });
    const { reached, release } = hold(writerOf(host), 'insert');
    const signed = push();
    const sending = host.send(signed);
    await reached();
    expect(await sending).toMatchObject(OK);
    expect(spoolOf(host).waiting).toBe(1);
    release();
    await whenEmpty(host);
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    expect(await dataSource.query('SELECT body FROM live_callback')).toEqual([
      { body: signed.body },
    ]);
  });

  it('that is full answers 503 and says so, and takes callbacks again when there is room', async () => {
    const logger = new LogLines();
    const { host, operator, end } = await startWithoutTable({ logger });
    const { file } = spoolOf(host) as unknown as { file: { database: Sqlite.Database } };
    const handle = file.database;
    const pages = handle.pragma('page_count', { simple: true }) as number;
    handle.pragma(`max_page_count = ${pages + 8}`);
    const large = () => push({ stream_param: 'x'.repeat(20_000) });
    const first = large();
    expect(await host.send(first)).toMatchObject(OK);
    const second = large();
    expect(await host.send(second)).toMatchObject(AWAY);
    expect(logger.of('error').join('\n')).toContain(
      'The spool cannot keep a callback: SqliteError: database or disk is full',
    );
    expect(() => spoolOf(host).probe()).not.toThrow();
    expect(spoolOf(host).waiting).toBe(1);
    handle.pragma('max_page_count = 1000000');
    expect(await host.send(second)).toMatchObject(OK);
    end();
    await whenEmpty(host);
    expect(operator.prepare('SELECT body FROM live_callback ORDER BY id').pluck().all()).toEqual([
      first.body,
      second.body,
    ]);
  });

  it('is left under a steady load, however many callbacks are on their way at any time', async () => {
    const logger = new LogLines();
    const { host, end } = await startWithoutTable({ logger });
    const over = new AbortController();
    const load = Array.from({ length: 128 }, async () => {
      while (!over.signal.aborted) expect(await host.send(push())).toMatchObject(OK);
    });
    await vi.waitFor(() => expect(spoolOf(host).waiting).toBeGreaterThan(100), 10_000);
    end();
    const isLeft = () => logger.of('log').join('\n').includes('The spool is empty');
    await vi.waitFor(() => expect(isLeft()).toBe(true), 10_000).finally(() => over.abort());
    await Promise.all(load);
    await whenEmpty(host);
  });

  it('whose rows cannot be deleted is left all the same, and takes nothing in twice', async () => {
    const logger = new LogLines();
    const { host, operator, end } = await startWithoutTable({ logger });
    const { file } = spoolOf(host) as unknown as { file: { database: Sqlite.Database } };
    const handle = file.database;
    for (let n = 0; n < 2; n++) expect(await host.send(push())).toMatchObject(OK);
    handle.exec(
      `CREATE TEMP TRIGGER full BEFORE DELETE ON spooled_callback
       BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`,
    );
    end();
    await whenEmpty(host);
    expect(logger.of('error').join('\n')).toContain(
      'What was taken in could not be deleted from the spool: SqliteError: database or disk is full',
    );
    const receipts = () =>
      operator.prepare('SELECT receipts_count FROM live_callback ORDER BY id').pluck().all();
    expect(await host.send(push())).toMatchObject(OK);
    expect(receipts()).toEqual([1, 1, 1]);
    const left = () => handle.prepare('SELECT count(*) FROM spooled_callback').pluck().get();
    expect(left()).toBe(2);
    // Deleted with the next ones.
    handle.exec('DROP TRIGGER full');
    operator.exec('ALTER TABLE live_callback RENAME TO elsewhere');
    expect(await host.send(push())).toMatchObject(OK);
    end();
    await whenEmpty(host);
    expect(receipts()).toEqual([1, 1, 1, 1]);
    expect(left()).toBe(0);
  });

  it('sets a callback aside that the database refuses for ever, and empties itself of the others', async () => {
    const path = newPath();
    const logger = new LogLines();
    const { host, operator, end } = await startWithoutTable({ path, logger });
    const sent = [push(), push({ stream_id: 'poison' }), push()];
    for (const signed of sent) expect(await host.send(signed)).toMatchObject(OK);
    end();
    operator.exec(
      `CREATE TRIGGER refusing BEFORE INSERT ON live_callback WHEN NEW.stream_name = 'poison'
       BEGIN SELECT RAISE(ABORT, 'no poison'); END`,
    );
    await whenEmpty(host);
    const bodies = operator.prepare('SELECT body FROM live_callback ORDER BY id').pluck();
    expect(bodies.all()).toEqual([sent[0]!.body, sent[2]!.body]);
    expect(logger.of('error').join('\n')).toContain('is refused by the database');
    await host.close();
    // It is tried again with the next start: a new version may know better.
    operator.exec('DROP TRIGGER refusing');
    const next = await scratchHost({
      database: { type: 'better-sqlite3', database: operator.name },
      options: { spool: { path } },
    });
    expect(spoolOf(next).waiting).toBe(1);
    await whenEmpty(next);
    expect(bodies.all()).toEqual(sent.map(({ body }) => body));
  });
});

describe('rows of the spool', () => {
  /** Callbacks in a spool of an application that has stopped, and what is left of them by another one. */
  async function spooled(
    count: number,
    keys: LiveCallbackModuleOptions['keys'] = KEY,
    fieldsOf: (n: number) => object = () => ({}),
  ) {
    const path = newPath();
    const database = await scratchDatabase();
    await (await startHost({ database })).close();
    // With migrations the table would be made anew.
    const options = { keys, spool: { path }, runMigrations: false };
    const host = await startHost({ database, options });
    const operator = new Sqlite(String(database.database));
    onTestFinished(() => void operator.close());
    operator.exec('ALTER TABLE live_callback RENAME TO elsewhere');
    const sent = Array.from({ length: count }, (_, n) => push(fieldsOf(n)));
    for (const signed of sent) expect(await host.send(signed)).toMatchObject(OK);
    await host.close();
    operator.exec('ALTER TABLE elsewhere RENAME TO live_callback');
    const logger = new LogLines();
    const file = (work: (file: Sqlite.Database) => void) => {
      const opened = new Sqlite(path);
      work(opened);
      opened.close();
    };
    const startAgain = async (more: Partial<LiveCallbackModuleOptions> = {}) => {
      const next = await scratchHost({
        database,
        module,
        options: { keys, spool: { path }, ...more },
        application: { logger },
      });
      await whenEmpty(next);
      return next;
    };
    const bodies = () =>
      operator.prepare('SELECT body FROM live_callback ORDER BY id').pluck().all();
    return { path, sent, logger, file, startAgain, bodies };
  }

  it('that cannot be read are set aside, however many stand in front, and the others go on', async () => {
    const { sent, logger, file, startAgain, bodies } = await spooled(2);
    const row = {
      receivedAt: 1,
      routeKind: null,
      remoteAddress: null,
      body: '{',
      bodyEncoding: 'utf8' as const,
    };
    const seal = new SpoolSeal({ keys: [{ key: KEY }], urlToken: null });
    const sealed = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const one = { ...row, position: index - 1000 };
        return { ...one, seal: await seal.of(one) };
      }),
    );
    file((opened) => {
      const insert = opened.prepare(
        `INSERT INTO spooled_callback (position, received_at, body, body_encoding, seal)
         VALUES (@position, @receivedAt, @body, @bodyEncoding, @seal)`,
      );
      for (const one of sealed) insert.run({ ...one, seal: one.seal });
    });
    const next = await startAgain();
    expect(bodies()).toEqual(sent.map(({ body }) => body));
    expect(logger.of('error').join('\n')).toContain('Callback -1000 of the spool cannot be read');
    expect(await next.app.get(LiveCallbackHealth, { strict: false }).report()).toMatchObject({
      spooled: 0,
      spoolSetAside: 300,
    });
    const late = push();
    expect(await next.send(late)).toMatchObject(OK);
    expect(bodies()).toHaveLength(3);
  });

  it.each<[string, LiveCallbackModuleOptions['keys']]>([
    ['a key', KEY],
    ['keys of a function', async () => [{ key: KEY, domain: 'push.example.com' }]],
  ])(
    'that were changed or added reach nobody, although their pair is genuine (%s)',
    async (_name, keys) => {
      const { sent, logger, file, startAgain, bodies } = await spooled(3, keys);
      file((opened) => {
        opened.exec(
          `UPDATE spooled_callback SET body = replace(body, 'test_stream', 'other_stream')
         WHERE position = (SELECT min(position) FROM spooled_callback);
         INSERT INTO spooled_callback (position, received_at, body, body_encoding, seal)
         SELECT 9000, received_at, replace(body, 'test_stream', 'forged'), body_encoding, seal
         FROM spooled_callback ORDER BY position DESC LIMIT 1;`,
        );
      });
      const next = await startAgain();
      expect(bodies()).toEqual(sent.slice(1).map(({ body }) => body));
      expect(sequencesOf(Witness.seen.first, 'test_stream')).toHaveLength(2);
      expect(Witness.seen.first).toHaveLength(2);
      expect(spoolOf(next).setAside).toBe(2);
      expect(logger.of('error').join('\n')).toContain('was changed in the file');
    },
  );

  it('whose keys cannot be had hold up the others for a minute and no longer', async () => {
    const isGone = { value: false };
    const keys: LiveCallbackModuleOptions['keys'] = ({ domain }) => {
      if (domain === 'gone.example.com' && isGone.value) throw new Error('no such tenant');
      return [KEY];
    };
    const { sent, logger, startAgain, bodies } = await spooled(5, keys, (n) =>
      n < 3 ? { app: 'gone.example.com' } : {},
    );
    isGone.value = true;
    const began = performance.now();
    const next = await startAgain({ [TIME_SCALE]: new TimeScale(30) });
    expect(performance.now() - began).toBeGreaterThan(60_000 / 30);
    expect(bodies()).toEqual(sent.slice(3).map(({ body }) => body));
    expect(logger.of('error').join('\n')).toMatch(
      /The spool could not be emptied: Error: no such tenant[^]*has had no keys for a minute/,
    );
    expect(spoolOf(next).setAside).toBe(3);
    await next.close();
    isGone.value = false;
    await startAgain();
    expect(bodies()).toHaveLength(5);
  });

  it('are taken in with an earlier key while keys rotate, and wait for it where it is missing', async () => {
    const { sent, startAgain, bodies } = await spooled(1);
    const without = await startAgain({ keys: 'AnotherKey2026ab' });
    expect(bodies()).toEqual([]);
    await without.close();
    await startAgain({ keys: ['AnotherKey2026ab', KEY] });
    expect(bodies()).toEqual([sent[0]!.body]);
  });

  it('are warned of in a folder where everybody may write', async () => {
    const { path, logger, startAgain } = await spooled(0);
    chmodSync(dirname(path), 0o777);
    await startAgain();
    expect(logger.of('warn').join('\n')).toContain('everybody may write to its folder');
  });

  it('are those of its owner alone, whatever mode the file had', async () => {
    const { path, startAgain } = await spooled(1);
    chmodSync(path, 0o666);
    await startAgain();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('a start is refused when the spool file', () => {
  const start = async (path: string): Promise<Error> =>
    errorOfStart(startHost({ database: await scratchDatabase(), options: { spool: { path } } }));

  it.each([
    ['rollback journal', 'DELETE'],
    ['write-ahead log', 'WAL'],
  ])('is a SQLite database of something else (%s), which stays as it is', async (_, mode) => {
    const path = join(mkdtempSync(join(tmpdir(), 'live-callback-')), 'other.db');
    const other = new Sqlite(path);
    other.pragma(`journal_mode = ${mode}`);
    other.exec("CREATE TABLE note (text); INSERT INTO note VALUES ('mine')");
    other.close();
    const bytes = readFileSync(path);
    const error = await start(path);
    expect(error.name).toBe('StorageSetupError');
    expect(error.message).toBe(
      `"${path}" is a SQLite database of something else, not a spool. Give spool.path a file of its own.`,
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('is a link, whose target stays as it is', async () => {
    const path = newPath();
    mkdirSync(dirname(path));
    const target = join(dirname(path), 'target');
    writeFileSync(target, '');
    symlinkSync(target, path);
    expect((await start(path)).message).toContain('it is a symbolic link');
    expect(readFileSync(target, 'utf8')).toBe('');
  });

  it('is no database at all, which stays as it is', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'live-callback-')), 'notes.txt');
    const text = 'not a database, '.repeat(300);
    writeFileSync(path, text);
    const error = await start(path);
    expect(error.name).toBe('StorageSetupError');
    expect(error.message).toContain(`"${path}"`);
    expect(error.message).toContain('Give spool.path a file');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is damaged', async () => {
    const path = newPath();
    const database = await scratchDatabase();
    const host = await startHost({ database, options: { spool: { path } } });
    new Sqlite(String(database.database)).exec(
      "CREATE TRIGGER refuse BEFORE INSERT ON live_callback BEGIN SELECT raise(ABORT, 'no'); END",
    );
    for (let index = 0; index < 20; index++) {
      const signed = push({ stream_param: 'x'.repeat(5_000) });
      expect(await host.send(signed)).toMatchObject(OK);
    }
    await host.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 2, 4096 * 12);
    writeFileSync(path, bytes);
    const error = await start(path);
    expect(error.name).toBe('StorageSetupError');
    expect(error.message).toMatch(/^The spool file ".*" is damaged \(.*\)\. It may hold callbacks/);
    expect(error.message).toContain('.recover');
    // But for the first page, in which SQLite counts who has opened it.
    expect(readFileSync(path).subarray(4096).equals(bytes.subarray(4096))).toBe(true);
  });

  it.each([
    ['is a folder', () => mkdtempSync(join(tmpdir(), 'live-callback-'))],
    [
      'lies below a file',
      () => {
        const file = join(mkdtempSync(join(tmpdir(), 'live-callback-')), 'file');
        writeFileSync(file, '');
        return join(file, 'spool');
      },
    ],
    [
      'lies below a file, by two levels',
      () => {
        const file = join(mkdtempSync(join(tmpdir(), 'live-callback-')), 'file');
        writeFileSync(file, '');
        return join(file, 'folder', 'spool');
      },
    ],
  ])('%s', async (_, place) => {
    const path = place();
    const error = await start(path);
    expect(error.name).toBe('StorageSetupError');
    expect(error.message).toContain(`The spool file "${path}" cannot be used`);
    expect(error.message).toContain('a folder that this process may write to');
  });

  it('is in use by another process', { timeout: 30_000 }, async () => {
    const error = await inUse;
    expect(error.name).toBe('StorageSetupError');
    expect(error.message).toContain('is in use by another process. Give each process a spool.path');
  });

  it.each([
    ['a text', 'data/spool'],
    ['without a path', {}],
    ['with an empty path', { path: ' ' }],
    ['with a number as path', { path: 7 }],
    ['in memory', { path: ':memory:' }],
    ['with a setting that is none', { path: 'data/spool', maxBytes: 5 }],
    ['true', true],
  ])('is given %s', async (_, spool) => {
    const options = { spool } as unknown as Partial<LiveCallbackModuleOptions>;
    const error = await errorOfStart(startHost({ database: await scratchDatabase(), options }));
    expect(error.name).toBe('LiveCallbackOptionsError');
    expect(error.message).toContain('spool');
    expect(error.message).toContain('must be { path } with the path of a file');
  });
});
