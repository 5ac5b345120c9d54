import {
  applyDecorators,
  Controller,
  Body,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';

import { HiddenFromOpenApi } from '../../common/hidden-from-openapi.js';
import type { SessionSummary } from '../../events/session-event.js';
import { AuditErrorInterceptor } from '../../operations/api/audit-error.interceptor.js';
import { AuditRightGuard } from '../../operations/api/audit-right.guard.js';
import { AuditTokenGuard } from '../../operations/api/audit-token.guard.js';
import { parseNothing, type Page, type QueryParameters } from '../../operations/audit-query.js';
import type { AuditApiOptions } from '../../options/live-callback.options.js';
import type { LiveSessions, SessionDetail } from '../live-sessions.service.js';
import { NO_SESSION, SESSIONS_OFF } from '../session.query.js';
import { SessionAccess } from './session.access.js';
import type { RebuildStep } from '../session.rebuilder.js';
import { parseRebuild, parseSessions } from './session.parameters.js';

/**
 * Makes the controller of the sessions of one registration, `GET sessions…` below the path of an audit HTTP
 * API, for whom that lets read.
 */
export function createSessionController(
  path: string,
  { guards = [], decorators = [] }: Pick<AuditApiOptions, 'guards' | 'decorators'>,
): Type {
  @applyDecorators(...decorators, HiddenFromOpenApi)
  @UseInterceptors(AuditErrorInterceptor)
  @UseGuards(AuditTokenGuard, ...guards, AuditRightGuard)
  @Controller({ path: `${path}/sessions`, version: VERSION_NEUTRAL })
  class SessionController {
    constructor(private readonly access: SessionAccess) {}

    /** Sessions, those that started last first. */
    @Get()
    find(@Query() query: QueryParameters): Promise<Page<SessionSummary>> {
      const { filter, page } = parseSessions(query);
      return this.sessions.find(filter, page);
    }

    /** One session with its pushes and totals. */
    @Get(':id')
    async get(@Param('id') id: string, @Query() query: QueryParameters): Promise<SessionDetail> {
      parseNothing(query);
      const session = await this.sessions.get(id);
      if (!session) throw new NotFoundException(NO_SESSION);
      return session;
    }

    /** One step of a rebuild: asked again and again, with the cursor of the answer, until that is null. */
    @Post('rebuild')
    @HttpCode(200)
    rebuild(@Body() body: Record<string, unknown> | undefined): Promise<RebuildStep> {
      const { cursor, ...request } = parseRebuild(body ?? {});
      return this.sessions.rebuildStep(request, cursor);
    }

    /** The routes are known before a factory says whether there are sessions. */
    private get sessions(): LiveSessions {
      const { sessions } = this.access;
      if (!sessions.isOn) throw new NotFoundException(SESSIONS_OFF);
      return sessions;
    }
  }
  return SessionController;
}
