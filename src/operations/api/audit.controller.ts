import type { IncomingMessage } from 'node:http';

import {
  applyDecorators,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';

import {
  NO_CALLBACK,
  parseErasure,
  parseFind,
  parseGet,
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
import { HiddenFromOpenApi } from '../../common/hidden-from-openapi.js';
import { maskSecrets } from '../../common/mask-secrets.js';
import type { ErasureReceipt } from '../erasure/callback.erasure.js';
import { maskedBody } from '../masked-body.js';
import type { AuditApiOptions } from '../../options/live-callback.options.js';
import { remoteAddressOf } from '../../receiving/http/remote-address.js';
import { AuditAccess } from './audit.access.js';
import { AuditErrorInterceptor } from './audit-error.interceptor.js';
import { AuditRightGuard } from './audit-right.guard.js';
import { AuditTokenGuard } from './audit-token.guard.js';
import { createOverviewController } from './overview.controller.js';

/**
 * Makes the controllers of the audit HTTP API below a path, behind tokens, the host's guards and its
 * `authorize`. They ask {@link AuditAccess}. Times are ISO 8601, ids strings.
 */
export function createAuditControllers(
  path: string,
  { guards = [], decorators = [] }: Pick<AuditApiOptions, 'guards' | 'decorators'>,
): Type[] {
  const all = [
    ...decorators,
    HiddenFromOpenApi,
    UseInterceptors(AuditErrorInterceptor),
    UseGuards(AuditTokenGuard, ...guards, AuditRightGuard),
    Controller({ path, version: VERSION_NEUTRAL }),
  ];
  return [createCallbackAuditController(all), createOverviewController(all)];
}

function createCallbackAuditController(decorators: readonly ClassDecorator[]): Type {
  @applyDecorators(...decorators)
  class AuditController {
    constructor(private readonly access: AuditAccess) {}

    /** Callbacks, newest first. */
    @Get('callbacks')
    find(@Query() query: QueryParameters): Promise<Page<CallbackRow>> {
      return this.access.desk.audit.find(parseFind(query));
    }

    /** One callback with its body, typed view and deliveries; without secrets unless `?reveal=body`. */
    @Get('callbacks/:id')
    async get(
      @Param('id') id: string,
      @Query() query: QueryParameters,
      @Req() request: object,
    ): Promise<CallbackDetail> {
      const { reveal } = parseGet(query);
      const callback = await this.found(id);
      if (reveal !== 'body') return withoutSecrets(callback);
      // Before the answer: what cannot be recorded is not revealed.
      await this.access.desk.revealer.record(
        id,
        `${this.access.actor} from ${remoteAddressOf(request)}`,
      );
      return this.found(id);
    }

    /** Runs listeners again; answers with the numbers of the attempts that come next. */
    @Post('callbacks/:id/replay')
    @HttpCode(200)
    async replay(
      @Param('id') id: string,
      @Body() body: Record<string, unknown> | undefined,
    ): Promise<{ items: readonly ReplayedDelivery[] }> {
      await this.found(id);
      const { reason, listeners, actor = this.access.actor } = body ?? {};
      const why = { reason, listeners, actor } as ReplayReason;
      return { items: await this.access.desk.audit.replay(id, why) };
    }

    /** Closes a dead letter, or a callback that is unknown or quarantined. */
    @Post('callbacks/:id/discard')
    @HttpCode(200)
    async discard(
      @Param('id') id: string,
      @Body() body: Record<string, unknown> | undefined,
    ): Promise<CallbackDetail> {
      await this.found(id);
      const { reason, listeners, actor = this.access.actor } = body ?? {};
      await this.access.desk.audit.discard(id, { reason, listeners, actor } as DiscardReason);
      return withoutSecrets(await this.found(id));
    }

    /**
     * Erases what is stored about a person or a stream. A request that is cut off ends it after the batch in
     * progress; the same request goes on.
     */
    @Post('erasures')
    @HttpCode(200)
    async erase(
      @Body() body: Record<string, unknown> | undefined,
      @Req() request: object,
    ): Promise<ErasureReceipt> {
      const { socket } = nodeRequestOf(request);
      const gone = new AbortController();
      const abort = () => gone.abort();
      socket.once('close', abort);
      try {
        const actor = `${this.access.actor} from ${remoteAddressOf(request)}`;
        const { audit } = this.access.desk;
        return await audit.erase({ ...parseErasure(body ?? {}), actor, signal: gone.signal });
      } finally {
        socket.off('close', abort);
      }
    }

    /** Refused requests, newest first. */
    @Get('rejections')
    rejections(@Query() query: QueryParameters): Promise<Page<RejectionItem>> {
      return this.access.desk.audit.rejections(parsePage(query));
    }

    /** Counts by kind, state and time bucket. */
    @Get('stats')
    async stats(@Query() query: QueryParameters): Promise<{ items: StatsItem[] }> {
      const request = parseStats(query);
      const isLastDay = Object.values(request).every((value) => value === undefined);
      const items = isLastDay ? this.access.lastDay() : this.access.desk.audit.stats(request);
      return { items: await items };
    }

    private async found(id: string): Promise<CallbackDetail> {
      const callback = await this.access.desk.audit.get(id);
      if (!callback) throw new NotFoundException(NO_CALLBACK);
      return callback;
    }
  }
  return AuditController;
}

/** Fastify keeps the one of Node beside its own. */
function nodeRequestOf(request: { readonly raw?: object }): IncomingMessage {
  return (request.raw ?? request) as IncomingMessage;
}

/** Whoever holds the pair of a body may sign any other one until its `t`. */
function withoutSecrets(callback: CallbackDetail): CallbackDetail {
  return {
    ...callback,
    body: callback.body && maskedBody(callback.body, callback.bodyEncoding),
    data: JSON.parse(maskSecrets(JSON.stringify(callback.data))) as object | null,
  };
}
