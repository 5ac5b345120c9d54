/**
 * Asynchronous context: what the host keeps per request (a tenant, a user, a span) is never seen by what
 * runs for another request, whoever started the batch, the queue or the timer.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';

import { BullModule } from '@nestjs/bullmq';
import { Injectable, type INestApplication } from '@nestjs/common';
import { ClsModule, ClsService } from 'nestjs-cls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { LiveCallbackBullModule } from '../../src/bullmq/index.js';
import {
  LiveCallbackAuditService,
  LiveCallbackModule,
  LiveEventBus,
  OnLiveEvent,
  onLiveCallbackSignal,
  type LiveCallbackSignal,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { scratchRedis } from '../bullmq/bull-host.js';
import { ADAPTERS, KEY, type Host } from '../support/application.js';
import { OUTAGES } from '../support/outages.js';
import { scratchFolder } from '../support/private-server.js';
import { isRedisAbsent } from '../support/redis.js';
import { scratchDatabase, scratchHost, scratchHostWith } from '../support/scratch.js';
import { STAGES } from '../support/stages.js';

const CALLBACKS = 20;
const tenants = new AsyncLocalStorage<string>();

/** What was seen of the tenant, by who looked. */
class Sightings {
  readonly seen = new Map<string, (string | undefined)[]>();

  look(who: string): void {
    this.seen.set(who, [...(this.seen.get(who) ?? []), tenants.getStore()]);
  }

  /** How often somebody has looked. */
  looks(who: string): number {
    return this.seen.get(who)?.length ?? 0;
  }

  /** Who saw something, and who has looked at all. */
  get summary() {
    const entries = [...this.seen].map(
      ([who, seen]) => [who, seen.filter((tenant) => tenant)] as const,
    );
    return Object.fromEntries(entries);
  }
}

let sightings: Sightings;

/** As a middleware does it that knows the tenant of each request. */
function inTenants(app: INestApplication): void {
  app.use((request: { headers: NodeJS.Dict<string> }, _: unknown, next: () => void) =>
    tenants.run(request.headers['x-tenant'] ?? 'nobody', next),
  );
}

@Injectable()
class Listeners {
  @OnLiveEvent('stream-push', { id: 'ordered', attempts: 2, backoffMs: 1 })
  async ordered({ attempt }: LiveEvent): Promise<void> {
    sightings.look(`attempt ${attempt}`);
    await Promise.resolve();
    sightings.look(`attempt ${attempt}, later`);
    if (attempt === 1) throw new Error('once');
  }

  @OnLiveEvent('stream-push', { id: 'unordered', order: 'none' })
  unordered(): void {
    sightings.look('unordered');
  }

  @OnLiveEvent('stream-push', { id: 'transactional', transactional: true })
  transactional(): void {
    sightings.look('transactional');
  }

  /** One that leaves a context of its own behind. */
  @OnLiveEvent('stream-push', { id: 'careless' })
  careless(): void {
    tenants.enterWith('careless');
  }
}

const SIGNALS: readonly LiveCallbackSignal[] = [
  'received',
  'stored',
  'delivered',
  'failed',
  'duplicate',
  'refused',
];

function observe(app: INestApplication): void {
  const bus = app.get(LiveEventBus, { strict: false });
  bus.on('*', () => sightings.look('observer'));
  bus.observe().subscribe(() => sightings.look('observable'));
  for (const signal of SIGNALS) {
    onTestFinished(onLiveCallbackSignal(signal, () => sightings.look(`signal ${signal}`)));
  }
}

/** Each with a tenant of its own. */
async function sendAll(host: Host): Promise<void> {
  const pushes = Array.from({ length: CALLBACKS }, (_, index) =>
    signCallback(streamPushCallback({ sequence: String(index), stream_id: `s${index % 5}` }), {
      key: KEY,
    }),
  );
  const answers = await Promise.all(
    [...pushes, ...pushes].map(({ headers, body }, index) =>
      host.post('/live-callback', { headers: { ...headers, 'x-tenant': `tenant-${index}` }, body }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const headers = { 'content-type': 'application/json', 'x-tenant': 'forger' };
  await host.post('/live-callback', { headers, body: '{}' });
}

const NOBODY_SAW_ANYTHING = Object.fromEntries(
  [
    'attempt 1',
    'attempt 1, later',
    'attempt 2',
    'attempt 2, later',
    'unordered',
    'transactional',
    'observer',
    'observable',
    ...SIGNALS.map((signal) => `signal ${signal}`),
  ].map((who) => [who, []]),
);

describe.each(STAGES)('on $stage', ({ adapter, isAbsent, create }) => {
  it.skipIf(isAbsent)('nothing that follows a request sees the context of one', async () => {
    sightings = new Sightings();
    const host = await scratchHost({
      adapter,
      database: await scratchDatabase(create),
      module: { providers: [Listeners] },
      configure: inTenants,
    });
    observe(host.app);
    await sendAll(host);
    await whenListenersDone(host.app);
    expect(sightings.summary).toEqual(NOBODY_SAW_ANYTHING);
  });
});

it.skipIf(isRedisAbsent)('over BullMQ nothing sees the context of a request', async () => {
  sightings = new Sightings();
  const database = await scratchDatabase();
  const host = await scratchHostWith(
    [
      BullModule.forRoot(scratchRedis()),
      LiveCallbackModule.forRoot({ keys: KEY, database }),
      LiveCallbackBullModule.register(),
    ],
    { module: { providers: [Listeners] }, configure: inTenants },
  );
  observe(host.app);
  await sendAll(host);
  const runs = () => sightings.looks('attempt 2, later') + sightings.looks('transactional');
  await expect.poll(runs, { timeout: 15_000 }).toBe(2 * CALLBACKS);
  expect(sightings.summary).toEqual(NOBODY_SAW_ANYTHING);
});

const outage = OUTAGES.find(({ name }) => name.startsWith('PostgreSQL'))!;

it.skipIf(outage.isAbsent)('after the spool nothing sees the context of a request', async () => {
  sightings = new Sightings();
  const database = await outage.create();
  const host = await scratchHost({
    database: database.options,
    options: { spool: { path: join(scratchFolder(), 'spool') } },
    module: { providers: [Listeners] },
    configure: inTenants,
  });
  observe(host.app);
  await database.begin();
  await sendAll(host);
  expect(sightings.looks('observer')).toBe(0);
  await database.end();
  await expect.poll(() => sightings.looks('transactional'), { timeout: 15_000 }).toBe(CALLBACKS);
  await whenListenersDone(host.app);
  expect(sightings.summary).toEqual(NOBODY_SAW_ANYTHING);
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  it('a replay does not bring its own context to the listeners', async () => {
    sightings = new Sightings();
    const host = await scratchHost({ adapter, module: { providers: [Listeners] } });
    await sendAll(host);
    await whenListenersDone(host.app);
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const { items } = await audit.find({ limit: 1 });
    await tenants.run('operator', () =>
      audit.replay(items[0]!.id, { reason: 'test', actor: 'operator' }),
    );
    await whenListenersDone(host.app);
    expect(sightings.seen.get('unordered')).toHaveLength(CALLBACKS + 1);
    expect(sightings.summary).toMatchObject({ unordered: [], transactional: [], 'attempt 3': [] });
  });

  it('an application that is started inside a context does not give it to its listeners', async () => {
    sightings = new Sightings();
    const host = await tenants.run('starter', () =>
      scratchHost({ adapter, module: { providers: [Listeners] } }),
    );
    observe(host.app);
    await sendAll(host);
    await whenListenersDone(host.app);
    expect(sightings.summary).toEqual(NOBODY_SAW_ANYTHING);
  });

  it('with nestjs-cls a listener finds no active context', async () => {
    const active: boolean[] = [];

    @Injectable()
    class ClsListener {
      constructor(private readonly cls: ClsService) {}

      @OnLiveEvent('*', { attempts: 2, backoffMs: 1 })
      onEvent({ attempt }: LiveEvent): void {
        active.push(this.cls.isActive());
        if (attempt === 1) throw new Error('once');
      }
    }

    const host = await scratchHost({
      adapter,
      module: {
        imports: [ClsModule.forRoot({ global: true, middleware: { mount: true } })],
        providers: [ClsListener],
      },
    });
    await sendAll(host);
    // The second attempts, which nobody else waits for, too.
    await expect.poll(() => active.length, { timeout: 10_000 }).toBe(2 * CALLBACKS);
    expect(active).not.toContain(true);
  });
});
