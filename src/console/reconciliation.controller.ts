import {
  applyDecorators,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Post,
  Query,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';

import { HiddenFromOpenApi } from '../common/hidden-from-openapi.js';
import { AuditErrorInterceptor } from '../operations/api/audit-error.interceptor.js';
import { AuditRightGuard } from '../operations/api/audit-right.guard.js';
import { AuditTokenGuard } from '../operations/api/audit-token.guard.js';
import { parseNothing, type QueryParameters } from '../operations/audit-query.js';
import type { AuditApiOptions } from '../options/live-callback.options.js';
import type {
  ComparisonOverview,
  ComparisonResult,
  SessionComparison,
} from '../sessions/session.comparison.js';
import { CloudErrorInterceptor } from './cloud-error.interceptor.js';
import { ConsoleAccess } from './console.access.js';
import { parseComparison } from './console-order.parameters.js';

/** Makes the controller of the comparison with what the cloud knows, below the path of the console's API. */
export function createReconciliationController(
  path: string,
  { guards = [], decorators = [] }: Pick<AuditApiOptions, 'guards' | 'decorators'>,
): Type {
  @applyDecorators(...decorators, HiddenFromOpenApi)
  @UseInterceptors(AuditErrorInterceptor, CloudErrorInterceptor)
  @UseGuards(AuditTokenGuard, ...guards, AuditRightGuard)
  @Controller({ path: `${path}/reconciliation`, version: VERSION_NEUTRAL })
  class ReconciliationController {
    constructor(private readonly access: ConsoleAccess) {}

    /** How it is. */
    @Get()
    overview(@Query() query: QueryParameters): Promise<ComparisonOverview> {
      parseNothing(query);
      return this.comparison.overview();
    }

    /** Compares now; where it is dry, only says what would be brought in. */
    @Post('run')
    @HttpCode(200)
    run(@Body() body: QueryParameters | undefined): Promise<ComparisonResult> {
      return this.comparison.run(parseComparison(body ?? {}));
    }

    /** Which modules there are is not known before the application starts. */
    private get comparison(): SessionComparison {
      const { comparison } = this.access;
      if (comparison) return comparison;
      throw new NotFoundException('Nobody compares this registration with the cloud.');
    }
  }
  return ReconciliationController;
}
