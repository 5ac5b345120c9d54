/**
 * Several registrations: two in one application, each with its own path, keys and routes, and two
 * applications in one process.
 */
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { TypeOrmModule } from '@nestjs/typeorm';
import { DefaultNamingStrategy, type DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackModule,
  LiveEventBus,
  OnLiveEvent,
  type LiveCallbackModuleOptions,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type AdapterName, type Host } from '../support/application.js';
import { EventRecorder } from '../support/event-recorder.js';
import { errorOfStart, scratchDatabase, scratchHost, scratchHostWith } from '../support/scratch.js';

const OTHER_KEY = 'OtherTenant2026xyz';
const OK = { status: 200, text: '{"code":0}' };
const REFUSED = { status: 401, text: '{"code":401}' };

const push = (key: string) => signCallback(streamPushCallback(), { key });

class NamesOfTheSecond extends DefaultNamingStrategy {
  override tableName(className: string, given: string | undefined): string {
    return `second_${super.tableName(className, given)}`;
  }
}

/** Two registrations of one name, each with a DataSource of its own. */
function startOn(first: DataSourceOptions, second: DataSourceOptions): Promise<Host> {
  return scratchHostWith([
    LiveCallbackModule.forRoot({ keys: KEY, path: 'live-a', dataSource: 'a', database: first }),
    LiveCallbackModule.forRoot({ keys: KEY, path: 'live-b', dataSource: 'b', database: second }),
  ]);
}

/** A host with its own DataSource and a registration per entry. */
async function startWithRegistrations(
  adapter: AdapterName,
  registrations: LiveCallbackModuleOptions[],
  database?: DataSourceOptions,
): Promise<Host> {
  return scratchHostWith(
    [
      TypeOrmModule.forRoot({ ...(database ?? (await scratchDatabase())), autoLoadEntities: true }),
      ...registrations.map((options, index) =>
        LiveCallbackModule.forRoot({ name: `tenant-${index}`, ...options }),
      ),
    ],
    { adapter, module: { providers: [EventRecorder] } },
  );
}

describe.each(ADAPTERS)('two registrations in one application on %s', (adapter) => {
  it.each([
    ['live-a', 'live-b'],
    ['live', 'x/live'],
    ['x/live', 'live'],
    ['live', 'live-b'],
    ['live', 'live/b'],
  ])('at "%s" and "%s" each take their own key alone', async (a, b) => {
    const host = await startWithRegistrations(adapter, [
      { keys: KEY, path: a },
      { keys: OTHER_KEY, path: b },
    ]);
    for (const suffix of ['', '/stream-push']) {
      expect(await host.send(push(KEY), `/${a}${suffix}`)).toMatchObject(OK);
      expect(await host.send(push(OTHER_KEY), `/${b}${suffix}`)).toMatchObject(OK);
      expect(await host.send(push(OTHER_KEY), `/${a}${suffix}`)).toMatchObject(REFUSED);
      expect(await host.send(push(KEY), `/${b}${suffix}`)).toMatchObject(REFUSED);
    }
    await whenListenersDone(host.app);
    expect(host.app.get(EventRecorder).events).toHaveLength(4);
  });

  it('each have their own body limit', async () => {
    const host = await startWithRegistrations(adapter, [
      { keys: KEY, path: 'small', bodyLimit: 65_536 },
      { keys: KEY, path: 'large', bodyLimit: 200_000 },
    ]);
    const big = () =>
      signCallback(streamPushCallback({ errmsg: 'x'.repeat(100_000) }), { key: KEY });
    expect((await host.send(big(), '/small')).status).toBe(413);
    expect((await host.send(big(), '/large')).status).toBe(200);
  });

  it('each have their own decorators', async () => {
    const names: Record<'a' | 'b', object[]> = { a: [], b: [] };
    await startWithRegistrations(adapter, [
      { keys: KEY, path: 'live-a', decorators: [(target) => void names.a.push(target)] },
      { keys: KEY, path: 'live-b', decorators: [(target) => void names.b.push(target)] },
    ]);
    expect(names.a).toHaveLength(names.b.length);
    expect(names.a.filter((target) => names.b.includes(target))).toEqual([]);
  });

  it('of one name on one database are refused', async () => {
    const error = await errorOfStart(
      startWithRegistrations(adapter, [
        { keys: KEY, path: 'live-a', name: 'tenant' },
        { keys: OTHER_KEY, path: 'live-b', name: 'tenant' },
      ]),
    );
    expect(error).toMatchObject({
      name: 'LiveCallbackOptionsError',
      message:
        'name "tenant" is taken by another registration of LiveCallbackModule on the same database. Give each its own: forRoot({ name: "tenant-b", … }).',
    });
  });

  it('of one name on one file are refused, however its path is written', async () => {
    const file = await scratchDatabase();
    const path = String(file.database);
    const again = { type: 'better-sqlite3', database: relative('.', path) } as const;
    const error = await errorOfStart(startOn(file, again));
    expect(error).toMatchObject({ message: expect.stringContaining('on the same database') });
  });

  it('of one name are two where the host calls their tables by other names', async () => {
    const file = await scratchDatabase();
    const host = await startOn(file, { ...file, namingStrategy: new NamesOfTheSecond() });
    expect(await host.send(push(KEY), '/live-a')).toMatchObject(OK);
    const [a, b] = host.app.get(LiveCallbackAuditService, { strict: false, each: true });
    expect((await a?.find())?.items).toHaveLength(1);
    expect((await b?.find())?.items).toHaveLength(0);
  });

  it('with databases of their own keep their callbacks apart', async () => {
    const [first, second] = [await scratchDatabase(), await scratchDatabase()];
    const host = await scratchHostWith(
      [
        LiveCallbackModule.forRoot({
          keys: KEY,
          path: 'live-a',
          dataSource: 'a',
          database: first,
        }),
        LiveCallbackModule.forRoot({
          keys: OTHER_KEY,
          path: 'live-b',
          dataSource: 'b',
          database: second,
        }),
      ],
      { adapter },
    );
    expect(await host.send(push(KEY), '/live-a')).toMatchObject(OK);
    const [a, b] = host.app.get(LiveCallbackAuditService, { strict: false, each: true });
    expect((await a?.find())?.items).toHaveLength(1);
    expect((await b?.find())?.items).toHaveLength(0);
  });

  it.each(['live', '/live/'])('at one path, the second written "%s", are refused', async (path) => {
    const error = await errorOfStart(
      startWithRegistrations(adapter, [
        { keys: KEY, path: 'live' },
        { keys: OTHER_KEY, path },
      ]),
    );
    expect(error).toMatchObject({
      name: 'LiveCallbackOptionsError',
      message:
        'path "live" is taken by another registration of LiveCallbackModule. Give each its own: forRoot({ path: "live-callback-b", … }).',
    });
  });

  it('are refused when a route of one is a route of the other', async () => {
    const starting = startWithRegistrations(adapter, [
      { keys: KEY, path: 'live' },
      { keys: OTHER_KEY, path: 'live/stream-push' },
    ]);
    expect((await errorOfStart(starting)).message).toContain('live/stream-push');
  });

  it('whose paths differ in case alone are refused, or both work', async () => {
    const outcome = await startWithRegistrations(adapter, [
      { keys: KEY, path: 'live' },
      { keys: OTHER_KEY, path: 'LIVE' },
    ]).then(
      async (host) => [
        (await host.send(push(KEY), '/live')).status,
        (await host.send(push(OTHER_KEY), '/LIVE')).status,
      ],
      (error: Error) => error.name,
    );
    expect(['LiveCallbackOptionsError', [200, 200]]).toContainEqual(outcome);
  });
});

class SlowListener {
  readonly seen: string[] = [];

  @OnLiveEvent('stream-push')
  async onPush(event: LiveEvent<'stream-push'>): Promise<void> {
    await sleep(50);
    this.seen.push(event.data.stream_id);
  }
}

describe('two applications in one process', () => {
  it('have their own keys, listeners, observers and tables', async () => {
    const module = { providers: [SlowListener] };
    const a = await scratchHost({ adapter: 'express', module });
    const b = await scratchHost({ adapter: 'fastify', module, options: { keys: OTHER_KEY } });
    const observed: string[] = [];
    a.app.get(LiveEventBus, { strict: false }).on('*', ({ stream }) => {
      observed.push(`a ${stream.name}`);
    });
    b.app.get(LiveEventBus, { strict: false }).on('*', ({ stream }) => {
      observed.push(`b ${stream.name}`);
    });
    const to = (host: Host, key: string, stream_id: string) =>
      host.send(signCallback(streamPushCallback({ stream_id }), { key }));
    expect(await to(a, KEY, 'one')).toMatchObject(OK);
    expect(await to(b, OTHER_KEY, 'two')).toMatchObject(OK);
    expect(await to(a, OTHER_KEY, 'three')).toMatchObject(REFUSED);
    expect(await to(b, KEY, 'four')).toMatchObject(REFUSED);
    await whenListenersDone(a.app);
    await whenListenersDone(b.app);
    expect(a.app.get(SlowListener).seen).toEqual(['one']);
    expect(b.app.get(SlowListener).seen).toEqual(['two']);
    expect(observed).toEqual(['a one', 'b two']);
    for (const { app } of [a, b]) {
      const { items } = await app.get(LiveCallbackAuditService, { strict: false }).find();
      expect(items).toHaveLength(1);
    }
  });

  it('do not meet when one of them closes', async () => {
    const a = await scratchHost();
    const b = await scratchHost();
    await a.close();
    expect(await b.send(push(KEY))).toMatchObject(OK);
  });

  it('on one database are two nodes: what both get makes one row and one run', async () => {
    const database = await scratchDatabase();
    const module = { providers: [EventRecorder] };
    const hosts = [
      await scratchHost({ database, module, adapter: 'express' }),
      await scratchHost({ database, module, adapter: 'fastify' }),
    ];
    const callbacks = Array.from({ length: 20 }, () => push(KEY));
    const answers = await Promise.all(
      callbacks.flatMap((signed) => hosts.map((host) => host.send(signed))),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const events = () => hosts.flatMap(({ app }) => app.get(EventRecorder).events);
    // What one has left behind what the other holds is for its next poll.
    await expect.poll(() => events().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(20);
    for (const { app } of hosts) await whenListenersDone(app);
    expect(events()).toHaveLength(20);
    expect(new Set(events().map(({ id }) => id)).size).toBe(20);
  });
});
