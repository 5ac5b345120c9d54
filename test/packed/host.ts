/**
 * A host application as a user would write it, compiled once as ESM and once as CommonJS against
 * the packed package: its own entity, its own DataSource, one custom listener.
 */
import 'reflect-metadata';

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  LiveCallback,
  LiveCallbackModule,
  OnLiveEvent,
  type LiveEvent,
} from 'nestjs-live-callback';
import { signCallback, streamPushCallback, whenListenersDone } from 'nestjs-live-callback/testing';
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm';

const KEY = 'KeyForTheHostOfThePackage';

@Entity()
class Broadcast {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar' })
  stream!: string;
}

@Injectable()
class BroadcastListener {
  constructor(
    @InjectRepository(Broadcast) private readonly broadcasts: Repository<Broadcast>,
    @InjectRepository(LiveCallback) private readonly callbacks: Repository<LiveCallback>,
  ) {}

  @OnLiveEvent('stream-push')
  async onPush(event: LiveEvent<'stream-push'>): Promise<void> {
    await this.broadcasts.save({ stream: event.data.stream_id });
  }

  async counts(): Promise<[number, number]> {
    return [await this.broadcasts.count(), await this.callbacks.count()];
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-host-'));

  @Module({
    imports: [
      TypeOrmModule.forRoot({
        type: 'better-sqlite3',
        database: join(folder, 'host.db'),
        autoLoadEntities: true,
        synchronize: true,
      }),
      TypeOrmModule.forFeature([Broadcast]),
      LiveCallbackModule.forRoot({ keys: KEY }),
    ],
    providers: [BroadcastListener],
  })
  class HostModule {}

  const app = await NestFactory.create(HostModule, { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const request = signCallback(streamPushCallback(), { key: KEY });
  const response = await fetch(`${await app.getUrl()}/live-callback/stream-push`, request);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '{"code":0}');
  await whenListenersDone(app);
  assert.deepEqual(await app.get(BroadcastListener).counts(), [1, 1]);
  await app.close();
  rmSync(folder, { recursive: true });
}

main().then(
  () => process.stdout.write('ok\n'),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
