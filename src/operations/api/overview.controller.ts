import {
  applyDecorators,
  Body,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  type Type,
} from '@nestjs/common';

import { parseFrom, parseNothing, type QueryParameters } from '../audit-query.js';
import type { CallbackRow } from '../audit-row.js';
import { checkCursor, parseDeadLetterFilter } from '../dead-letters/dead-letter.filter.js';
import type { DeadLetterGroup } from '../dead-letters/dead-letter.query.js';
import type {
  DeadLetterReason,
  DeadLetterStep,
} from '../dead-letters/live-callback.dead-letters.js';
import type { LiveCallbackHealthReport } from '../health/live-callback.health.js';
import type { ListenerReason, ListenerState } from '../listeners/live-callback.listeners.js';
import type { ListenersOverview } from '../overview/live-callback.overview.js';
import type { RefusalGroup } from '../overview/refusal.query.js';
import type { AuditRight } from '../../options/live-callback.options.js';
import { AuditAccess, rightsOf } from './audit.access.js';
import type { AuditRequest } from './audit-request.js';

/** How old the standing may be, ms: each page asks every five seconds, whoever else does. */
const STANDING_FRESH_MS = 5_000;

/** What whoever asks may do, and how this process is. */
interface Standing {
  readonly registration: string;
  readonly rights: readonly AuditRight[];
  /** Whether it is worked out who is live. */
  readonly hasSessions: boolean;
  readonly health: LiveCallbackHealthReport;
}

/**
 * Makes the controller of the questions about many callbacks at once: how the listeners do, what was given
 * up, who is refused.
 *
 * @param decorators path, guards and interceptors, as those of the audit controller
 */
export function createOverviewController(decorators: readonly ClassDecorator[]): Type {
  @applyDecorators(...decorators)
  class OverviewController {
    constructor(private readonly access: AuditAccess) {}

    /** What whoever asks may do, and how this process is. */
    @Get('standing')
    async standing(
      @Query() query: QueryParameters,
      @Req() request: AuditRequest,
    ): Promise<Standing> {
      parseNothing(query);
      const { desk, config } = this.access;
      const [rights, health] = await Promise.all([
        rightsOf(config, request),
        desk.health.report(STANDING_FRESH_MS),
      ]);
      return {
        registration: desk.config.name,
        rights,
        hasSessions: desk.config.sessions !== null,
        ...this.access.extras,
        health,
      };
    }

    /** Where each listener stands. */
    @Get('listeners')
    listeners(@Query() query: QueryParameters): Promise<ListenersOverview> {
      parseNothing(query);
      return this.access.desk.overview.listeners();
    }

    /** Starts nothing more of a listener, on all nodes. */
    @Post('listeners/pause')
    @HttpCode(200)
    pause(@Body() body: Record<string, unknown> | undefined): Promise<ListenerState> {
      const { listener, why } = this.listenerOrder(body ?? {});
      return this.access.desk.listeners.pause(listener, why);
    }

    /** Lets it go on. */
    @Post('listeners/resume')
    @HttpCode(200)
    resume(@Body() body: Record<string, unknown> | undefined): Promise<ListenerState> {
      const { listener, why } = this.listenerOrder(body ?? {});
      return this.access.desk.listeners.resume(listener, why);
    }

    /** Refused requests by reason and address. */
    @Get('refusals')
    async refusals(@Query() query: QueryParameters): Promise<{ items: RefusalGroup[] }> {
      return { items: await this.access.desk.overview.refusals(parseFrom(query)) };
    }

    /** Other callbacks with the same identity. */
    @Get('callbacks/:id/variants')
    async variants(
      @Param('id') id: string,
      @Query() query: QueryParameters,
    ): Promise<{ items: CallbackRow[] }> {
      parseNothing(query);
      return { items: await this.access.desk.overview.variants(id) };
    }

    /** Dead letters by listener and error. */
    @Get('dead-letters')
    async deadLetters(@Query() query: QueryParameters): Promise<{ items: DeadLetterGroup[] }> {
      parseNothing(query);
      return { items: await this.access.desk.deadLetters.groups() };
    }

    /** How many a filter finds: what would be replayed or discarded. */
    @Get('dead-letters/count')
    async count(@Query() query: QueryParameters): Promise<{ count: number }> {
      return { count: await this.access.desk.deadLetters.count(parseDeadLetterFilter(query)) };
    }

    /** Replays the next few of a filter. */
    @Post('dead-letters/replay')
    @HttpCode(200)
    replay(@Body() body: Record<string, unknown> | undefined): Promise<DeadLetterStep> {
      const { filter, why, cursor } = this.order(body ?? {});
      return this.access.desk.deadLetters.replay(filter, why, cursor);
    }

    /** Closes the next few of a filter. */
    @Post('dead-letters/discard')
    @HttpCode(200)
    discard(@Body() body: Record<string, unknown> | undefined): Promise<DeadLetterStep> {
      const { filter, why, cursor } = this.order(body ?? {});
      return this.access.desk.deadLetters.discard(filter, why, cursor);
    }

    private listenerOrder({ listener, reason, actor }: Record<string, unknown>) {
      const why = { reason, actor: actor ?? this.access.actor } as ListenerReason;
      return { listener: listener as string, why };
    }

    private order({ filter, reason, actor, cursor }: Record<string, unknown>) {
      return {
        filter: parseDeadLetterFilter((filter ?? {}) as QueryParameters),
        why: { reason, actor: actor ?? this.access.actor } as DeadLetterReason,
        cursor: checkCursor(cursor),
      };
    }
  }
  return OverviewController;
}
