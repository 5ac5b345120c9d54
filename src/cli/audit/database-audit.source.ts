import { Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { In, type DataSource, type DataSourceOptions } from 'typeorm';

import { maskedBody } from '../../operations/masked-body.js';
import { AuditRequestError } from '../../operations/audit-request.error.js';
import { LiveCallbackAuditService } from '../../operations/live-callback-audit.service.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveCallbackDelivery } from '../../storage/entities/live-callback-delivery.entity.js';
import { LiveCallback } from '../../storage/entities/live-callback.entity.js';
import {
  LiveCallbackListeners,
  type ListenerReason,
} from '../../operations/listeners/live-callback.listeners.js';
import { LiveCallbackOverview } from '../../operations/overview/live-callback.overview.js';
import type { CallbackFilter, PageRequest } from '../../operations/audit-query.js';
import type { ErasureRequest } from '../../operations/erasure/callback.erasure.js';
import { LiveSessions } from '../../sessions/live-sessions.service.js';
import type { SessionFilter } from '../../sessions/session.query.js';
import { resolveListenerOptions } from '../../delivery/listeners/listener.options.js';
import { ListenerRegistry } from '../../delivery/listeners/listener.registry.js';
import { LiveCallbackModule } from '../../module/live-callback.module.js';
import { CliError, UsageError } from '../cli.error.js';
import type { AuditSource, ReplayRequest } from './audit.source.js';

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
   * @param registration name of the registration whose callbacks they are
   * @param listeners ids of listeners that will be replayed; they must have rows there
   * @throws CliError when it cannot be opened or its tables cannot be used; UsageError for a listener
   */
  static async open(
    database: DataSourceOptions,
    registration: string,
    listeners: readonly string[],
  ): Promise<DatabaseAuditSource> {
    @Module({
      imports: [
        LiveCallbackModule.forRoot({
          // Nothing is claimed here, where listeners have no more than a name.
          role: 'intake',
          name: registration,
          keys: () => [],
          database,
          runMigrations: false,
          // They can be asked for; nothing is received here, and no clock runs.
          sessions: {},
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

  /** The database of the module itself. */
  get database(): CallbackDatabase {
    return this.app.get(CallbackDatabase, { strict: false });
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

  erase(request: ErasureRequest): ReturnType<AuditSource['erase']> {
    return this.service.erase(request).catch((error: Error) => {
      throw error instanceof AuditRequestError ? new UsageError(error.message) : error;
    });
  }

  sessions(filter: SessionFilter, page: PageRequest): ReturnType<AuditSource['sessions']> {
    return this.app.get(LiveSessions, { strict: false }).find(filter, page);
  }

  session(id: string): ReturnType<AuditSource['session']> {
    return this.app.get(LiveSessions, { strict: false }).get(id);
  }

  async listeners(): ReturnType<AuditSource['listeners']> {
    const overview = await this.app.get(LiveCallbackOverview, { strict: false }).listeners();
    // One that only this process has may be none of the application.
    const items = overview.items.filter(
      ({ kinds, pending, dead, minutes, change, breaker }) =>
        kinds === null || pending + dead + minutes.length > 0 || change || breaker,
    );
    return { ...overview, items };
  }

  async changeListener(
    verb: 'pause' | 'resume',
    listener: string,
    why: ListenerReason,
  ): ReturnType<AuditSource['changeListener']> {
    try {
      return await this.app.get(LiveCallbackListeners, { strict: false })[verb](listener, why);
    } catch (error) {
      throw error instanceof AuditRequestError ? new UsageError(error.message) : error;
    }
  }

  /**
   * Everything about the callbacks of a filter, newest first, in pages of one query each.
   *
   * @param isExact bodies as received; otherwise their secrets are masked
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
          bodyEncoding = 'utf8',
          errors,
          warnings,
          remoteAddress,
        } = callbacks.find(({ id }) => id === row.id) ?? {};
        yield {
          ...row,
          body: body && !isExact ? maskedBody(body, bodyEncoding) : body,
          bodyEncoding,
          errors: errors ?? [],
          warnings: warnings ?? [],
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
