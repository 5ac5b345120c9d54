/**
 * A host application as a user would write it, against the packed package: its own entity, its own
 * DataSource, two listeners, a look at the audit log. Compiled as ESM and as CommonJS, bundled, and
 * run by test runners.
 */
import 'reflect-metadata';

import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackModule,
  OnLiveEvent,
  type CallbackDetail,
  type LiveEvent,
} from 'nestjs-live-callback';
import {
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
} from 'nestjs-live-callback/testing';
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm';

const KEY = 'KeyForTheHostOfThePackage';
const DATABASE = process.env['HOST_DATABASE'] ?? '';
const DIES = process.argv.includes('dies');
/** The lease of a killed process ends after 8 s. */
const PATIENCE_MS = 40_000;

@Entity()
class Broadcast {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar' })
  event!: string;
}

@Injectable()
class BroadcastListener {
  private failures = 0;

  constructor(
    @InjectRepository(Broadcast) private readonly broadcasts: Repository<Broadcast>,
    @InjectRepository(LiveCallback) private readonly callbacks: Repository<LiveCallback>,
  ) {}

  @OnLiveEvent('stream-push', { backoffMs: 50 })
  async onPush(event: LiveEvent<'stream-push'>): Promise<void> {
    if (this.failures++ === 0) throw new Error('busy for once');
    await this.broadcasts.save({ event: event.kind });
  }

  @OnLiveEvent('stream-interrupt')
  async onInterrupt(event: LiveEvent<'stream-interrupt'>): Promise<void> {
    if (DIES) await new Promise(() => {});
    await this.broadcasts.save({ event: event.kind });
  }

  async seen(): Promise<string[]> {
    const broadcasts = await this.broadcasts.find();
    return broadcasts.map(({ event }) => event);
  }

  storedCallbacks(): Promise<number> {
    return this.callbacks.count();
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      ...(DATABASE.startsWith('postgres:')
        ? { type: 'postgres', url: DATABASE }
        : { type: 'better-sqlite3', database: DATABASE }),
      autoLoadEntities: true,
      synchronize: true,
    }),
    TypeOrmModule.forFeature([Broadcast]),
    LiveCallbackModule.forRoot({ keys: KEY }),
  ],
  providers: [BroadcastListener],
})
export class HostModule {}

/** Sends a push, and looks at what became of it. */
export async function exercise(app: INestApplication): Promise<void> {
  const audit = app.get(LiveCallbackAuditService);
  await send(app, 'stream-push', signCallback(streamPushCallback(), { key: KEY }));
  const [push] = await doneDeliveries(audit, 'stream-push');
  assert.deepEqual([push?.state, push?.attempts], ['done', 2]);
  const listener = app.get(BroadcastListener, { strict: false });
  assert.ok((await listener.seen()).includes('stream-push'));
}

/** Is killed while a listener runs. */
export async function die(app: INestApplication): Promise<void> {
  await send(app, 'stream-interrupt', signCallback(streamInterruptCallback(), { key: KEY }));
  process.kill(process.pid, 'SIGKILL');
}

/** Looks at what the process left that was killed. */
export async function lookAtSwept(app: INestApplication): Promise<void> {
  const [swept] = await doneDeliveries(app.get(LiveCallbackAuditService), 'stream-interrupt');
  assert.deepEqual([swept?.state, swept?.attempts], ['done', 2]);
  const listener = app.get(BroadcastListener, { strict: false });
  assert.deepEqual(new Set(await listener.seen()), new Set(['stream-push', 'stream-interrupt']));
  assert.equal(await listener.storedCallbacks(), 2);
}

async function send(app: INestApplication, kind: string, request: RequestInit): Promise<void> {
  const response = await fetch(`${await app.getUrl()}/live-callback/${kind}`, request);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '{"code":0}');
}

/** What the audit log says of a callback, once no listener has to run any more. */
async function doneDeliveries(
  audit: LiveCallbackAuditService,
  kind: string,
): Promise<CallbackDetail['deliveries']> {
  const { items } = await audit.find({ kind });
  const [item] = items;
  assert.ok(item && items.length === 1);
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
    const detail = await audit.get(item.id);
    const deliveries = detail?.deliveries ?? [];
    const isDone = deliveries.every(({ state }) => state !== 'pending');
    if (isDone || Date.now() > end) return deliveries;
  }
}
