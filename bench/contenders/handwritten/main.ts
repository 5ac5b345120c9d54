/**
 * The controller that most teams write by hand: ValidationPipe with a class-validator DTO, a guard
 * for the signature, TypeORM, an event emitter. It neither looks for duplicates nor records whether a
 * listener succeeded. What it is given beyond the usual: no logging, a pool of a good size, statements
 * that are prepared, and no error texts that nobody reads.
 */
import 'reflect-metadata';

import { EventEmitter } from 'node:events';

import { Module, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';

import { serveNest } from '../application.js';
import { counted, readSettings } from '../child.js';
import { PreparedClient } from './prepared.client.js';
import { PushController } from './push.controller.js';
import { Push } from './push.entity.js';

/** Connections: more than these only wait for each other on two cores. */
const POOL_SIZE = 16;

const settings = readSettings();
const { type } = settings.database as { type: string };

/** What each driver is given. TypeORM itself keeps the statements of SQLite prepared. */
const DRIVERS: Record<string, object> = {
  postgres: {
    extra: {
      max: POOL_SIZE,
      ...(settings.writing === 'insert' ? { Client: PreparedClient } : {}),
    },
  },
  mariadb: { extra: { connectionLimit: POOL_SIZE } },
  'better-sqlite3': { enableWAL: true, prepareDatabase: commitToDisk },
};

/** As durable as a commit of the other databases; in this mode it is not by default. */
function commitToDisk(database: { pragma(text: string): void }): void {
  database.pragma('synchronous = FULL');
}

const events = new EventEmitter();
events.on('push', () => counted.handled++);

@Module({
  imports: [
    TypeOrmModule.forRoot({
      ...(settings.database as TypeOrmModuleOptions),
      entities: [Push],
      synchronize: true,
      ...DRIVERS[type],
    }),
    TypeOrmModule.forFeature([Push]),
  ],
  controllers: [PushController],
  providers: [
    { provide: EventEmitter, useValue: events },
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({
        transform: true,
        stopAtFirstError: true,
        disableErrorMessages: true,
        validationError: { target: false, value: false },
      }),
    },
  ],
})
class HandwrittenModule {}

await serveNest(HandwrittenModule, settings);
