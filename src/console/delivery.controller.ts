import {
  applyDecorators,
  Controller,
  Get,
  Query,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';

import { HiddenFromOpenApi } from '../common/hidden-from-openapi.js';
import { AuditAccess } from '../operations/api/audit.access.js';
import { AuditErrorInterceptor } from '../operations/api/audit-error.interceptor.js';
import { AuditRightGuard } from '../operations/api/audit-right.guard.js';
import { AuditTokenGuard } from '../operations/api/audit-token.guard.js';
import { parseFind, type QueryParameters } from '../operations/audit-query.js';
import type { StreamDelivery } from '../operations/overview/stream-deliveries.query.js';
import type { AuditApiOptions } from '../options/live-callback.options.js';

/** Makes the controller of what listeners did with the callbacks of a stream, below the console's API. */
export function createDeliveryController(
  path: string,
  { guards = [], decorators = [] }: Pick<AuditApiOptions, 'guards' | 'decorators'>,
): Type {
  @applyDecorators(...decorators, HiddenFromOpenApi)
  @UseInterceptors(AuditErrorInterceptor)
  @UseGuards(AuditTokenGuard, ...guards, AuditRightGuard)
  @Controller({ path: `${path}/deliveries`, version: VERSION_NEUTRAL })
  class DeliveryController {
    constructor(private readonly access: AuditAccess) {}

    /** Deliveries of the newest callbacks of a filter, as that of the callbacks. */
    @Get()
    async find(@Query() query: QueryParameters): Promise<{ items: StreamDelivery[] }> {
      return { items: await this.access.desk.overview.deliveries(parseFind(query)) };
    }
  }
  return DeliveryController;
}
