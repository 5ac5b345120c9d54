import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';

import { LiveCallbackBullModule } from '../bullmq/index.js';
import { LiveCallbackModule } from '../index.js';
import type { Settings } from './environment.js';
import { HealthController } from './health.controller.js';
import { LoggingListener } from './logging.listener.js';

/** The reference application: the module, one listener, two probes. */
@Module({})
export class AppModule {
  static from(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LiveCallbackModule.forRoot({
          ...receiving(settings),
          urlToken: settings.urlToken,
          // CSS never signs these two: the token in the URL is what protects them.
          unsigned: settings.urlToken === undefined ? [] : ['relay', 'monitor'],
          expiryGraceSeconds: settings.expiryGraceSeconds,
          database: settings.database,
          audit: settings.adminToken === undefined ? undefined : { token: settings.adminToken },
        }),
        ...bullOf(settings),
      ],
      controllers: [HealthController],
      providers: [LoggingListener],
    };
  }
}

/** A worker needs no keys. */
function receiving({ role, keys }: Settings) {
  return role === 'worker' ? { role } : { role, keys };
}

/** Listeners run on BullMQ where there is a Redis. */
function bullOf({ redisUrl }: Settings): DynamicModule[] {
  if (redisUrl === undefined) return [];
  return [
    BullModule.forRoot({ connection: { url: redisUrl } }),
    LiveCallbackBullModule.register({}),
  ];
}
