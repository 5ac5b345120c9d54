import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LiveCallbackModule } from 'nestjs-live-callback';
import { KeyRingFile } from 'nestjs-live-callback/cloud';
import { LiveCallbackConsoleModule } from 'nestjs-live-callback/console';

import { BillingModule } from './billing/billing.module.js';
import { databaseOptions } from './database.js';
import { ModerationModule } from './moderation/moderation.module.js';
import { RecordingsModule } from './recordings/recordings.module.js';
import { RoomsModule } from './rooms/rooms.module.js';
import type { Settings } from './settings.js';

@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    const { consoleToken: token } = settings;
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot(databaseOptions(settings.database)),
        LiveCallbackModule.forRoot({
          keys: new KeyRingFile(settings.keyFile).resolver(),
          sessions: { reconnectWindowSeconds: settings.reconnectWindowSeconds },
          isGlobal: true,
        }),
        ...(token ? [LiveCallbackConsoleModule.register({ token })] : []),
        RoomsModule,
        RecordingsModule,
        ModerationModule.register(settings.cloud),
        BillingModule,
      ],
    };
  }
}
