import { Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { HiddenFromOpenApi } from '../common/hidden-from-openapi.js';
import { AuditAccess, AuditDesk, OwnAuditAccess } from '../operations/api/audit.access.js';
import { createAuditControllers } from '../operations/api/audit.controller.js';
import { BodyRevealer } from '../operations/body.revealer.js';
import { CallbackDiscarder } from '../operations/callback.discarder.js';
import { CallbackErasure } from '../operations/erasure/callback.erasure.js';
import { CallbackReplayer } from '../operations/callback.replayer.js';
import { CallbackRequeuer } from '../operations/callback.requeuer.js';
import { LiveCallbackDeadLetters } from '../operations/dead-letters/live-callback.dead-letters.js';
import { AlertBook } from '../operations/alerts/alert.book.js';
import { AlertWatch } from '../operations/alerts/alert.watch.js';
import { LiveCallbackHealth } from '../operations/health/live-callback.health.js';
import { TemplateDrift } from '../operations/health/template-drift.js';
import { LiveCallbackHealthIndicator } from '../operations/health/live-callback.health-indicator.js';
import { LiveCallbackAuditService } from '../operations/live-callback-audit.service.js';
import { LiveCallbackListeners } from '../operations/listeners/live-callback.listeners.js';
import { LiveCallbackOverview } from '../operations/overview/live-callback.overview.js';
import { CallbackPurger } from '../operations/retention/callback.purger.js';
import { RetentionClock } from '../operations/retention/retention.clock.js';
import { RetentionSchedule } from '../operations/retention/retention.schedule.js';
import { RejectionRecorder } from '../receiving/refusals/rejection.recorder.js';
import { ClockWatch } from '../receiving/verification/clock.watch.js';
import { CallbackEraser } from '../storage/callback.eraser.js';
import { CallbackReclassifier } from '../storage/callback.reclassifier.js';
import { CallbackStore } from '../storage/callback.store.js';
import { DatabaseCallbackStore } from '../storage/database-callback.store.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { createOwnDataSource } from '../storage/connection/own-data-source.js';
import { DeliveryClaimer } from '../storage/delivery.claimer.js';
import { DeliveryStore } from '../storage/delivery.store.js';
import { LIVE_CALLBACK_ENTITIES } from '../storage/entities/index.js';
import { LeaseOwner } from '../storage/lease-owner.js';
import type { StatementProof } from '../storage/connection/statement.verdict.js';
import { proveStatements } from '../storage/statement.proof.js';
import { proveSessionStatements } from '../sessions/session.proof.js';
import { ListenerHoldStore } from '../storage/listener-hold.store.js';
import { RejectionStore } from '../storage/rejection.store.js';
import { TransactionRunner } from '../storage/transaction.runner.js';
import { DeliveryPlacement } from '../delivery/delivery.placement.js';
import { LiveEventBus } from '../delivery/live-event.bus.js';
import { DELIVERY_PROVIDERS } from '../delivery/delivery.providers.js';
import { definitionOf } from '../events/custom-event.js';
import { EventCatalog } from '../events/event-catalog.js';
import { EventInterpreter } from '../events/event-interpreter.js';
import { checkKinds } from '../options/kind.config.js';
import {
  LiveCallbackConfig,
  resolveConfig,
  resolveShape,
} from '../options/live-callback.config.js';
import { hostEntities, withHostDataSource } from './host-data-source.js';
import { checkHostVersions } from './host.versions.js';
import { LiveCallbackLifecycle } from './live-callback.lifecycle.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback.module-definition.js';
import type {
  AuditApiOptions,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
} from '../options/live-callback.options.js';
import { CallbackAcceptor } from '../receiving/callback.acceptor.js';
import { CallbackMapper } from '../receiving/callback.mapper.js';
import { CallbackReceiver } from '../receiving/callback.receiver.js';
import { RequestTracing } from '../receiving/request.tracing.js';
import { VolumeWatch } from '../receiving/volume.watch.js';
import { createSessionController } from '../sessions/api/session.controller.js';
import { LiveSessions } from '../sessions/live-sessions.service.js';
import { SESSION_PROVIDERS } from '../sessions/session.providers.js';
import { CallbackSpool } from '../storage/spool/callback.spool.js';
import { SpoolSeal } from '../storage/spool/spool.seal.js';
import { ClaimedEventReader } from '../storage/claimed-event.reader.js';
import { LeasePolicy } from '../storage/lease-policy.js';
import { TIME_SCALE, TimeScale } from '../common/time-scale.js';
import { createCallbackControllers } from '../receiving/http/callback.controllers.js';
import { RawBodyReader } from '../receiving/http/raw-body.reader.js';
import { REGISTRATION, type Registration } from '../receiving/http/registration.js';
import { RefusalHandler } from '../receiving/refusals/refusal.handler.js';
import { CallbackSignatureGuard } from '../receiving/verification/callback-signature.guard.js';
import { CallbackVerifier } from '../receiving/verification/callback.verifier.js';

/** Options of {@link LiveCallbackModule.forRoot}. */
export type LiveCallbackModuleOptions = LiveCallbackOptions & LiveCallbackModuleExtras;

/** Options of {@link LiveCallbackModule.forRoot} for a process that receives nothing. */
export type LiveCallbackWorkerOptions = Partial<LiveCallbackOptions> &
  LiveCallbackModuleExtras & { role: 'worker' };

/** Options of {@link LiveCallbackModule.forRootAsync}: a factory, and what must be known before it. */
export type LiveCallbackModuleAsyncOptions = Parameters<
  typeof ConfigurableModuleClass.forRootAsync
>[0] & {
  /** Opens the audit HTTP API. Guards and decorators stand here; the rest may come from the factory. */
  audit?: AuditApiOptions;
};

/**
 * Receives the event callbacks of Tencent Cloud CSS: verified, stored before they are acknowledged,
 * handed to every listener, open to questions afterwards.
 *
 * @publicApi
 */
@Module({})
export class LiveCallbackModule extends ConfigurableModuleClass {
  /** @throws LiveCallbackOptionsError naming the option, here or when the application starts */
  static override forRoot(
    options: LiveCallbackModuleOptions | LiveCallbackWorkerOptions,
  ): DynamicModule {
    const given = options as LiveCallbackModuleOptions;
    return compose(super.forRoot(given), options, options.audit);
  }

  /** @throws LiveCallbackOptionsError naming the option, here or when the application starts */
  static override forRootAsync(options: LiveCallbackModuleAsyncOptions): DynamicModule {
    return compose(super.forRootAsync(options), options, options.audit);
  }
}

function compose(
  definition: DynamicModule,
  extras: LiveCallbackModuleExtras,
  audit: AuditApiOptions | undefined,
): DynamicModule {
  checkHostVersions();
  const shape = resolveShape(extras, audit);
  const { path } = shape;
  const receives = shape.role !== 'worker';
  const registration: Registration = {
    path,
    decorators: [...(extras.decorators ?? []), HiddenFromOpenApi],
  };
  checkKinds(extras.kinds ?? []);
  const ofHost = (provider: FactoryProvider) =>
    extras.database ? provider : withHostDataSource(provider, extras.dataSource);
  const catalog = new EventCatalog((extras.kinds ?? []).map(definitionOf));
  return {
    ...definition,
    imports: [...(definition.imports ?? []), DiscoveryModule, ...typeOrm(extras)],
    controllers: receives
      ? [
          ...createCallbackControllers(registration, catalog),
          ...(audit
            ? [
                ...createAuditControllers(`${path}/audit`, audit),
                createSessionController(`${path}/audit`, audit),
              ]
            : []),
        ]
      : [],
    providers: [
      ...(definition.providers ?? []),
      { provide: REGISTRATION, useValue: registration },
      { provide: EventCatalog, useValue: catalog },
      { provide: EventInterpreter, useValue: new EventInterpreter(catalog, shape.name) },
      { provide: TimeScale, useValue: extras[TIME_SCALE] ?? new TimeScale() },
      {
        provide: LiveCallbackConfig,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: (options: LiveCallbackOptions) =>
          resolveConfig({ ...options }, catalog.kinds, audit, shape),
      },
      ofHost({
        provide: CallbackDatabase,
        inject: [getDataSourceToken(extras.dataSource), LiveCallbackConfig, TimeScale],
        useFactory: (
          host: DataSource,
          { runMigrations, bodyLimit, sessions }: LiveCallbackConfig,
          time: TimeScale,
        ) => {
          const isOwn = extras.database !== undefined;
          const prove = sessions === null ? proveStatements : proveWithSessions;
          return new CallbackDatabase(host, { runMigrations, bodyLimit, isOwn, prove }, time);
        },
      }),
      ofHost({
        provide: TransactionRunner,
        inject: [getDataSourceToken(extras.dataSource)],
        useFactory: (host: DataSource) => new TransactionRunner(host),
      }),
      ...(receives ? [RawBodyReader] : []),
      ...PROVIDERS,
    ],
    exports: EXPORTS,
  };
}

const proveWithSessions: StatementProof = async (dataSource, now) => [
  ...(await proveStatements(dataSource, now)),
  ...(await proveSessionStatements(dataSource, now)),
];

/** The entities for `@InjectRepository`, and the connection of a host that has none. */
function typeOrm({ dataSource, database }: LiveCallbackModuleExtras): DynamicModule[] {
  if (!database) return [hostEntities(dataSource)];
  return [
    TypeOrmModule.forRootAsync({
      name: dataSource,
      useFactory: () => ({
        ...database,
        name: dataSource,
        autoLoadEntities: true,
        manualInitialization: true,
        toRetry: () => false,
      }),
      dataSourceFactory: (options) => createOwnDataSource(options as DataSourceOptions),
    }),
    TypeOrmModule.forFeature([...LIVE_CALLBACK_ENTITIES], dataSource),
  ];
}

const PROVIDERS: Provider[] = [
  // receiving: the way in
  CallbackVerifier,
  CallbackSignatureGuard,
  RefusalHandler,
  CallbackMapper,
  CallbackAcceptor,
  CallbackReceiver,
  RequestTracing,
  VolumeWatch,
  RejectionRecorder,
  ClockWatch,
  // storage: what is kept
  LeaseOwner,
  { provide: LeasePolicy, useExisting: DeliveryPlacement },
  DatabaseCallbackStore,
  {
    provide: CallbackStore,
    inject: [CallbackSpool, DatabaseCallbackStore],
    useFactory: (spool: CallbackSpool | null, store: DatabaseCallbackStore) => spool ?? store,
  },
  {
    provide: CallbackSpool,
    inject: [LiveCallbackConfig, DatabaseCallbackStore, CallbackDatabase, TimeScale],
    useFactory: (
      config: LiveCallbackConfig,
      store: DatabaseCallbackStore,
      database: CallbackDatabase,
      time: TimeScale,
    ) =>
      config.spool &&
      new CallbackSpool(config.spool.path, store, database, time, new SpoolSeal(config, time)),
  },
  ClaimedEventReader,
  DeliveryStore,
  DeliveryClaimer,
  CallbackReclassifier,
  CallbackEraser,
  ListenerHoldStore,
  RejectionStore,
  // operations: what people ask and do
  CallbackReplayer,
  CallbackRequeuer,
  CallbackDiscarder,
  BodyRevealer,
  RetentionClock,
  CallbackPurger,
  CallbackErasure,
  RetentionSchedule,
  LiveCallbackAuditService,
  LiveCallbackListeners,
  LiveCallbackOverview,
  LiveCallbackDeadLetters,
  TemplateDrift,
  LiveCallbackHealth,
  LiveCallbackHealthIndicator,
  AlertBook,
  AlertWatch,
  AuditDesk,
  { provide: AuditAccess, useClass: OwnAuditAccess },
  ...DELIVERY_PROVIDERS,
  ...SESSION_PROVIDERS,
  LiveCallbackLifecycle,
];

const EXPORTS = [
  TypeOrmModule,
  LiveEventBus,
  LiveCallbackAuditService,
  LiveCallbackListeners,
  LiveCallbackOverview,
  LiveCallbackDeadLetters,
  LiveCallbackHealth,
  LiveCallbackHealthIndicator,
  LiveSessions,
  CallbackSignatureGuard,
  CallbackVerifier,
];
