import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';

import {
  bindAuditController,
  CallbackDatabase,
  CallbackDiscarder,
  CallbackPurger,
  CallbackReplayer,
  CallbackRequeuer,
  CallbackStore,
  createOwnDataSource,
  ClockWatch,
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  PendingHandOvers,
  ProcessIdentity,
  RejectionRecorder,
  RetentionClock,
  RetentionSchedule,
  SpoolGauge,
  StoredDeliveryLedger,
  TransactionRunner,
} from './audit/index.js';
import {
  DeliveryLedger,
  DeliveryPlacement,
  LaneRunner,
  ListenerExplorer,
  ListenerRegistry,
  LiveEventBus,
  LiveEventDispatcher,
  DeliverySweeper,
  ListenerRunner,
} from './bus/index.js';
import {
  AnyCallbackController,
  CallbackIntake,
  definitionOf,
  EventCatalog,
  EventInterpreter,
} from './events/index.js';
import { checkKinds } from './config/kind.config.js';
import {
  LIVE_CALLBACK_CONFIG,
  resolveConfig,
  resolveShape,
  type LiveCallbackConfig,
} from './live-callback.config.js';
import { LiveCallbackLifecycle } from './live-callback.lifecycle.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback.module-definition.js';
import type {
  AuditApiOptions,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
} from './live-callback.options.js';
import {
  bindControllers,
  CallbackAcceptor,
  CallbackEdge,
  CallbackPipe,
  CallbackSignatureGuard,
  CallbackSpool,
  CallbackVerifier,
  RefusalHandler,
  REGISTRATION,
  StoringCallbackIntake,
  type Registration,
} from './reception/index.js';

/** Options of {@link LiveCallbackModule.forRoot}. */
export type LiveCallbackModuleOptions = LiveCallbackOptions & LiveCallbackModuleExtras;

/** Options of {@link LiveCallbackModule.forRoot} for a process that receives nothing. */
export type LiveCallbackWorkerOptions = Partial<LiveCallbackOptions> &
  LiveCallbackModuleExtras & { role: 'worker' };

/** Options of {@link LiveCallbackModule.forRootAsync}: a factory, and what must be known before it. */
export type LiveCallbackModuleAsyncOptions = Parameters<
  typeof ConfigurableModuleClass.forRootAsync
>[0] & {
  /** Opens the audit HTTP API. Guards stand here; the token may come from the factory. */
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
  const shape = resolveShape(extras, audit);
  const { path } = shape;
  const receives = shape.role !== 'worker';
  const registration: Registration = { path, decorators: extras.decorators ?? [] };
  checkKinds(extras.kinds ?? []);
  const catalog = new EventCatalog((extras.kinds ?? []).map(definitionOf));
  const controllers = catalog.definitions.map(({ controller }) => controller);
  const guards = audit?.guards ?? [];
  return {
    ...definition,
    imports: [...(definition.imports ?? []), DiscoveryModule, ...typeOrm(extras)],
    controllers: receives
      ? [
          ...bindControllers(registration, [AnyCallbackController, ...controllers]),
          ...(audit ? [bindAuditController(path, guards)] : []),
        ]
      : [],
    providers: [
      ...(definition.providers ?? []),
      { provide: REGISTRATION, useValue: registration },
      { provide: EventCatalog, useValue: catalog },
      {
        provide: LIVE_CALLBACK_CONFIG,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: (options: LiveCallbackOptions) =>
          resolveConfig(
            { ...options, audit: { ...audit, ...options?.audit } },
            catalog.kinds,
            audit !== undefined,
            guards.length > 0,
            shape,
          ),
      },
      {
        provide: CallbackDatabase,
        inject: [getDataSourceToken(extras.dataSource), LIVE_CALLBACK_CONFIG],
        useFactory: (host: DataSource, { runMigrations }: LiveCallbackConfig) =>
          new CallbackDatabase(host, { runMigrations, isOwn: extras.database !== undefined }),
      },
      {
        provide: TransactionRunner,
        inject: [getDataSourceToken(extras.dataSource)],
        useFactory: (host: DataSource) => new TransactionRunner(host),
      },
      ...(receives ? [CallbackEdge] : []),
      ...PROVIDERS,
    ],
    exports: EXPORTS,
  };
}

/** The entities for `@InjectRepository`, and the connection of a host that has none. */
function typeOrm({ dataSource, database }: LiveCallbackModuleExtras): DynamicModule[] {
  const entities = TypeOrmModule.forFeature([...LIVE_CALLBACK_ENTITIES], dataSource);
  if (!database) return [entities];
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
    entities,
  ];
}

const PROVIDERS: Provider[] = [
  // events: what can arrive
  EventInterpreter,
  // reception: the way in
  CallbackVerifier,
  CallbackSignatureGuard,
  RefusalHandler,
  CallbackPipe,
  CallbackAcceptor,
  CallbackSpool,
  { provide: SpoolGauge, useExisting: CallbackSpool },
  { provide: CallbackIntake, useClass: StoringCallbackIntake },
  // audit: what is kept
  PendingHandOvers,
  ProcessIdentity,
  CallbackStore,
  CallbackReplayer,
  CallbackRequeuer,
  CallbackDiscarder,
  RetentionClock,
  CallbackPurger,
  RetentionSchedule,
  RejectionRecorder,
  LiveCallbackAuditService,
  ClockWatch,
  LiveCallbackHealth,
  { provide: DeliveryLedger, useClass: StoredDeliveryLedger },
  // bus: the way on
  ListenerRegistry,
  ListenerExplorer,
  LiveEventBus,
  ListenerRunner,
  LiveEventDispatcher,
  LaneRunner,
  DeliveryPlacement,
  DeliverySweeper,
  LiveCallbackLifecycle,
];

const EXPORTS = [
  TypeOrmModule,
  LiveEventBus,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  CallbackSignatureGuard,
  CallbackVerifier,
];
