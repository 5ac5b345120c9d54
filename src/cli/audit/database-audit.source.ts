import { Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { In, type DataSource, type DataSourceOptions } from 'typeorm';

import {
  CallbackDatabase,
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
} from '../../audit/index.js';
import type { CallbackFilter, PageRequest } from '../../audit/audit-query.js';
import { ListenerRegistry, resolveListenerOptions } from '../../bus/index.js';
import { LiveCallbackModule } from '../../live-callback.module.js';
import { CliError, UsageError } from '../cli.error.js';
import type { AuditSource, ReplayRequest } from './audit.source.js';
import { maskedBody } from './masked-body.js';

const EXPORT_PAGE = 200;

/** The audit log in the database. Runs no listener: a running application picks up what is replayed. */
export class DatabaseAuditSource implements AuditSource {
  private constructor(
    private readonly app: INestApplicationContext,
    /** The service of the module itself. */
    readonly service: LiveCallbackAuditService,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Opens the database.
   *
   * @param listeners ids of listeners that will be replayed; they must have rows there
   * @throws CliError when it cannot be opened or its tables cannot be used; UsageError for a listener
   */
  static async open(
    database: DataSourceOptions,
    listeners: readonly string[],
  ): Promise<DatabaseAuditSource> {
    @Module({
      imports: [
        LiveCallbackModule.forRoot({
          // Nothing is claimed here, where listeners have no more than a name.
          role: 'intake',
          keys: () => [],
          database,
          runMigrations: false,
        }),
      ],
    })
    class AuditModule {}

    let app: INestApplicationContext;
    try {
      const quiet = { logger: false, abortOnError: false } as const;
      app = await NestFactory.createApplicationContext(AuditModule, quiet);
    } catch (error) {
      throw new CliError(
        `The database cannot be used: ${(error as Error).message} Start the application once, it makes and migrates the tables.`,
        { cause: error },
      );
    }
    const each = { strict: false } as const;
    const callbacks = app.get(CallbackDatabase, each);
    if (!callbacks.isOpen) {
      await app.close();
      throw new CliError('The database does not answer: check DATABASE_URL, and whether it runs.');
    }
    const { dataSource } = callbacks;
    const source = new this(app, app.get(LiveCallbackAuditService, each), dataSource);
    try {
      for (const id of listeners) await source.name(id);
    } catch (error) {
      await source.close();
      throw error;
    }
    return source;
  }

  find(request: CallbackFilter & PageRequest): ReturnType<AuditSource['find']> {
    return this.service.find(request);
  }

  iterate(filter: CallbackFilter): ReturnType<AuditSource['iterate']> {
    return this.service.iterate(filter);
  }

  get(id: string): ReturnType<AuditSource['get']> {
    return this.service.get(id);
  }

  rejections(request: PageRequest): ReturnType<AuditSource['rejections']> {
    return this.service.rejections(request);
  }

  replay(id: string, why: ReplayRequest): ReturnType<AuditSource['replay']> {
    return this.service.replay(id, why);
  }

  /**
   * Everything about the callbacks of a filter, newest first, in pages of one query each.
   *
   * @param isExact bodies as received; otherwise their signatures are masked
   */
  async *export(filter: CallbackFilter, isExact: boolean): AsyncGenerator<object, void, undefined> {
    let cursor: string | null | undefined;
    do {
      const page = await this.service.find({
        ...filter,
        limit: EXPORT_PAGE,
        ...(cursor && { cursor }),
      });
      const ids = page.items.map(({ id }) => id);
      const callbacks = await this.dataSource.getRepository(LiveCallback).findBy({ id: In(ids) });
      const deliveries = await this.dataSource
        .getRepository(LiveCallbackDelivery)
        .findBy({ callbackId: In(ids) });
      for (const row of page.items) {
        const {
          body = null,
          errors,
          remarks,
          remoteAddress,
        } = callbacks.find(({ id }) => id === row.id) ?? {};
        yield {
          ...row,
          body: isExact ? body : maskedBody(body),
          errors: errors ?? [],
          remarks: remarks ?? [],
          remoteAddress: remoteAddress ?? null,
          deliveries: deliveries
            .filter(({ callbackId }) => callbackId === row.id)
            .map(({ listener, state, attempts, lastError, nextAttemptAt }) => ({
              listener,
              state,
              attempts,
              lastError,
              nextAttemptAt,
            })),
        };
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  /** Makes a listener known by name, which lets its deliveries be opened again. */
  private async name(id: string): Promise<void> {
    const isThere = await this.dataSource
      .getRepository(LiveCallbackDelivery)
      .existsBy({ listener: id });
    if (!isThere) {
      throw new UsageError(
        `No delivery in this database is for a listener "${id}"; "live-callback audit show" lists the listeners of a callback.`,
      );
    }
    this.app.get(ListenerRegistry, { strict: false }).add({
      id,
      patterns: new Set(),
      options: resolveListenerOptions(id, {}),
      handle: () => {
        throw new Error('The command line runs no listeners.');
      },
    });
  }
}
