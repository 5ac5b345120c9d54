import {
  applyDecorators,
  Body,
  Controller,
  Get,
  HttpCode,
  Post,
  Query,
  Req,
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
import { parseNothing, type QueryParameters } from '../operations/audit-query.js';
import type { AuditApiOptions } from '../options/live-callback.options.js';
import { remoteAddressOf } from '../receiving/http/remote-address.js';
import { CloudErrorInterceptor } from './cloud-error.interceptor.js';
import { parseApply, parseRemove, parseRotation, parseSave } from './console-order.parameters.js';
import type { ConsoleTemplates } from './console.templates.js';

/** Makes the controller of the callback templates, below the path of the console's API. */
export function createTemplateController(
  path: string,
  templates: ConsoleTemplates,
  { guards = [], decorators = [] }: Pick<AuditApiOptions, 'guards' | 'decorators'>,
): Type {
  @applyDecorators(...decorators, HiddenFromOpenApi)
  @UseInterceptors(AuditErrorInterceptor, CloudErrorInterceptor)
  @UseGuards(AuditTokenGuard, ...guards, AuditRightGuard)
  @Controller({ path: `${path}/templates`, version: VERSION_NEUTRAL })
  class TemplateController {
    constructor(private readonly access: AuditAccess) {}

    /** What is declared, and what of it the account lacks. */
    @Get()
    read(@Query() query: QueryParameters): Promise<object> {
      parseNothing(query);
      return templates.read();
    }

    /** Declares a template, or changes its declaration. */
    @Post('save')
    @HttpCode(200)
    save(@Body() body: QueryParameters | undefined, @Req() request: object): Promise<object> {
      return templates.save(parseSave(body ?? {}), this.by(request));
    }

    /** Declares a template no more. */
    @Post('remove')
    @HttpCode(200)
    remove(@Body() body: QueryParameters | undefined, @Req() request: object): Promise<object> {
      return templates.remove(parseRemove(body ?? {}), this.by(request));
    }

    /** Makes the account what is declared. */
    @Post('apply')
    @HttpCode(200)
    apply(@Body() body: QueryParameters | undefined, @Req() request: object): Promise<object> {
      return templates.apply(parseApply(body ?? {}), this.by(request));
    }

    /** Gives a template a new key. */
    @Post('rotate-key')
    @HttpCode(200)
    rotateKey(@Body() body: QueryParameters | undefined, @Req() request: object): Promise<object> {
      return templates.rotateKey(parseRotation(body ?? {}), this.by(request));
    }

    private by(request: object): string {
      return `${this.access.actor} from ${remoteAddressOf(request)}`;
    }
  }
  return TemplateController;
}
