import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue as BullQueue, QueueOptions } from 'bullmq';

import { checkHostVersions } from '../module/host.versions.js';
import { BullRunner } from './bull.runner.js';
import { LiveCallbackBullError } from './live-callback-bull.error.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback-bull.module-definition.js';
import {
  resolveBullConfig,
  resolveQueueName,
  type LiveCallbackBullExtras,
  type LiveCallbackBullOptions,
} from './live-callback-bull.options.js';
import { getQueueToken, getSharedConfigToken, Queue } from './optional-packages.js';
import { producerConnection } from './redis.connections.js';

/**
 * Not among the peer dependencies: npm counts optional peers of optional peers, and BullMQ's `redis`
 * and that of TypeORM below 0.3.26 exclude each other. pnpm and Yarn know them by peerDependenciesMeta.
 */
const SUPPORTED = { '@nestjs/bullmq': '^11.0.5 || ^12.0.0', bullmq: '^6.7.0' };

/** Options of {@link LiveCallbackBullModule.register}. */
export type LiveCallbackBullModuleOptions = LiveCallbackBullOptions & LiveCallbackBullExtras;

/** Options of {@link LiveCallbackBullModule.registerAsync}: a factory, and what must be known before. */
export type LiveCallbackBullModuleAsyncOptions = Parameters<
  typeof ConfigurableModuleClass.registerAsync
>[0];

/**
 * Runs listeners on BullMQ workers, through the connection of `BullModule.forRoot`. The queue only
 * wakes: a job carries an id, the row in the table decides.
 *
 * Processes that receive add jobs, those that run listeners work on them: see the option `role` of
 * LiveCallbackModule. The queue is exported, for `@InjectQueue('live-callback')` and dashboards.
 *
 * @example
 * ```ts
 * imports: [
 *   BullModule.forRoot({ connection: { host: 'redis.internal' } }),
 *   LiveCallbackModule.forRoot({ keys: '…' }),
 *   LiveCallbackBullModule.register(),
 * ],
 * ```
 * @publicApi
 */
@Module({})
export class LiveCallbackBullModule extends ConfigurableModuleClass {
  /** @throws LiveCallbackBullError naming the option, here or when the application starts */
  static override register(options: LiveCallbackBullModuleOptions = {}): DynamicModule {
    return compose(super.register(options), options);
  }

  /** @throws LiveCallbackBullError naming the option, here or when the application starts */
  static override registerAsync(options: LiveCallbackBullModuleAsyncOptions): DynamicModule {
    return compose(super.registerAsync(options), options);
  }
}

function compose(definition: DynamicModule, extras: LiveCallbackBullExtras): DynamicModule {
  checkHostVersions(SUPPORTED);
  const name = resolveQueueName(extras);
  const token = getQueueToken(name);
  const shared = getSharedConfigToken(extras.configKey);
  return {
    ...definition,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: token,
        inject: [{ token: shared, optional: true }],
        useFactory: (config?: QueueOptions) => createQueue(name, extras.configKey, config),
      },
      {
        provide: BullRunner,
        inject: [token, MODULE_OPTIONS_TOKEN, { token: shared, optional: true }, ModuleRef],
        useFactory: (
          queue: BullQueue,
          options: LiveCallbackBullOptions,
          config: QueueOptions,
          modules: ModuleRef,
        ) => new BullRunner(queue, resolveBullConfig(name, options), config, modules),
      },
    ],
    exports: [token],
  };
}

function createQueue(
  name: string,
  configKey: string | undefined,
  config?: QueueOptions,
): BullQueue {
  if (config?.connection) {
    return new Queue(name, { ...config, connection: producerConnection(config.connection) });
  }
  const key = configKey === undefined ? '' : `'${configKey}', `;
  throw new LiveCallbackBullError(
    `LiveCallbackBullModule uses the connection of BullModule, which has none: add BullModule.forRoot(${key}{ connection: { host: 'localhost', port: 6379 } }) to the imports.`,
  );
}
