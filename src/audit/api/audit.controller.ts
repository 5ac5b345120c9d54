import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  UseGuards,
  VERSION_NEUTRAL,
  type CanActivate,
  type Type,
} from '@nestjs/common';

import {
  parseFind,
  parsePage,
  parseStats,
  type Page,
  type QueryParameters,
} from '../audit-query.js';
import type {
  CallbackDetail,
  CallbackRow,
  RejectionItem,
  ReplayedDelivery,
  StatsItem,
} from '../audit-row.js';
import type { DiscardReason } from '../callback.discarder.js';
import type { ReplayReason } from '../callback.replayer.js';
import { LiveCallbackAuditService } from '../live-callback-audit.service.js';
import { AuditTokenGuard } from './audit-token.guard.js';

/** The audit HTTP API: `GET {path}/audit/…`. Times are ISO 8601, ids strings. */
export abstract class AuditController {
  constructor(@Inject(LiveCallbackAuditService) private readonly audit: LiveCallbackAuditService) {}

  /** Callbacks, newest first. */
  @Get('callbacks')
  find(@Query() query: QueryParameters): Promise<Page<CallbackRow>> {
    return this.audit.find(parseFind(query));
  }

  /** One callback with its body, typed view and deliveries. */
  @Get('callbacks/:id')
  async get(@Param('id') id: string): Promise<CallbackDetail> {
    const callback = await this.audit.get(id);
    if (!callback) throw new NotFoundException('there is no callback with this id');
    return callback;
  }

  /** Runs listeners again; answers with the numbers of the attempts that come next. */
  @Post('callbacks/:id/replay')
  @HttpCode(200)
  async replay(
    @Param('id') id: string,
    @Body() body: Record<string, unknown> | undefined,
  ): Promise<{ items: readonly ReplayedDelivery[] }> {
    await this.get(id);
    const { reason, listeners } = body ?? {};
    const why = { reason, listeners, actor: 'audit API' } as ReplayReason;
    return { items: await this.audit.replay(id, why) };
  }

  /** Closes a dead letter, or a callback that is unknown or quarantined. */
  @Post('callbacks/:id/discard')
  @HttpCode(200)
  async discard(
    @Param('id') id: string,
    @Body() body: Record<string, unknown> | undefined,
  ): Promise<CallbackDetail> {
    await this.get(id);
    const { reason, listeners } = body ?? {};
    await this.audit.discard(id, { reason, listeners, actor: 'audit API' } as DiscardReason);
    return this.get(id);
  }

  /** Refused requests, newest first. */
  @Get('rejections')
  rejections(@Query() query: QueryParameters): Promise<Page<RejectionItem>> {
    return this.audit.rejections(parsePage(query));
  }

  /** Counts by kind, state and time bucket. */
  @Get('stats')
  async stats(@Query() query: QueryParameters): Promise<{ items: StatsItem[] }> {
    return { items: await this.audit.stats(parseStats(query)) };
  }
}

/** Makes the controller of one registration, behind the token and the host's guards. */
export function bindAuditController(
  path: string,
  guards: readonly Type<CanActivate>[],
): Type<AuditController> {
  class BoundAuditController extends AuditController {}
  Object.defineProperty(BoundAuditController, 'name', { value: 'AuditController' });
  UseGuards(AuditTokenGuard, ...guards)(BoundAuditController);
  Controller({ path: `${path}/audit`, version: VERSION_NEUTRAL })(BoundAuditController);
  return BoundAuditController;
}
