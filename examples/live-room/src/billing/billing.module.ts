import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { BillingEntry } from './billing-entry.entity.js';
import { BillingController } from './billing.controller.js';
import { BillingListener } from './billing.listener.js';

@Module({
  imports: [TypeOrmModule.forFeature([BillingEntry])],
  controllers: [BillingController],
  providers: [BillingListener],
})
export class BillingModule {}
