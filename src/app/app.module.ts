import { Module, type DynamicModule } from '@nestjs/common';

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
          keys: settings.keys,
          urlToken: settings.urlToken,
          // CSS never signs these two: the token in the URL is what protects them.
          unsigned: settings.urlToken === undefined ? [] : ['relay', 'monitor'],
          expiryGraceSeconds: settings.expiryGraceSeconds,
          database: settings.database,
          audit: settings.adminToken === undefined ? undefined : { token: settings.adminToken },
        }),
      ],
      controllers: [HealthController],
      providers: [LoggingListener],
    };
  }
}
