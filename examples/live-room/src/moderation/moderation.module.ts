import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TencentCloudApi } from 'nestjs-live-callback/cloud';

import type { Settings } from '../settings.js';
import { ModerationController } from './moderation.controller.js';
import { StreamStopperListener } from './stream-stopper.listener.js';
import { Verdict } from './verdict.entity.js';
import { VerdictsListener } from './verdicts.listener.js';

@Module({})
export class ModerationModule {
  static register(cloud: Settings['cloud']): DynamicModule {
    return {
      module: ModerationModule,
      imports: [TypeOrmModule.forFeature([Verdict])],
      controllers: [ModerationController],
      providers: [
        VerdictsListener,
        StreamStopperListener,
        { provide: TencentCloudApi, useFactory: () => new TencentCloudApi(cloud) },
      ],
    };
  }
}
