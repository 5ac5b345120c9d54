import { Injectable } from '@nestjs/common';

import type { AuditConfig } from '../../options/audit.config.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import type { AuditRight } from '../../options/live-callback.options.js';
import { RejectionRecorder } from '../../receiving/refusals/rejection.recorder.js';
import { isSameSecret } from '../../common/same-secret.js';
import type { StatsItem } from '../audit-row.js';
import { BodyRevealer } from '../body.revealer.js';
import { LiveCallbackDeadLetters } from '../dead-letters/live-callback.dead-letters.js';
import { LiveCallbackHealth } from '../health/live-callback.health.js';
import { LiveCallbackAuditService } from '../live-callback-audit.service.js';
import { LiveCallbackListeners } from '../listeners/live-callback.listeners.js';
import { LiveCallbackOverview } from '../overview/live-callback.overview.js';
import type { AuditRequest } from './audit-request.js';

/** What one registration has for those who ask over HTTP. */
@Injectable()
export class AuditDesk {
  constructor(
    readonly audit: LiveCallbackAuditService,
    readonly overview: LiveCallbackOverview,
    readonly listeners: LiveCallbackListeners,
    readonly deadLetters: LiveCallbackDeadLetters,
    readonly health: LiveCallbackHealth,
    readonly revealer: BodyRevealer,
    readonly rejections: RejectionRecorder,
    readonly config: LiveCallbackConfig,
  ) {}
}

/** Whom the HTTP API at one place lets in, and to what. */
export abstract class AuditAccess {
  abstract readonly config: AuditConfig;
  abstract readonly desk: AuditDesk;
  /** Who acts, where whoever asks does not say it. */
  abstract readonly actor: string;
  /** Counts of the last day by the hour. */
  lastDay(): Promise<StatsItem[]> {
    return this.desk.audit.stats();
  }
  /** What there is at this place besides, for its page. */
  get extras(): Readonly<Record<string, boolean>> {
    return {};
  }
}

/** The API of a registration itself. */
@Injectable()
export class OwnAuditAccess extends AuditAccess {
  readonly actor = 'audit API';
  readonly config: AuditConfig;

  constructor(readonly desk: AuditDesk) {
    super();
    this.config = desk.config.audit;
  }
}

/** The token that a request bears, if it is one of these. */
export function bearerOf({ tokens }: AuditConfig, { headers }: AuditRequest) {
  const [, given = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  return tokens.find(({ token }) => isSameSecret(given, token));
}

/** What a request, which was let in, may do. */
export async function rightsOf(
  config: AuditConfig,
  request: AuditRequest,
): Promise<readonly AuditRight[]> {
  const withoutToken: AuditRight[] = config.authorize ? ['read', 'act', 'reveal'] : ['read', 'act'];
  const rights: AuditRight[] = [];
  for (const right of bearerOf(config, request)?.rights ?? withoutToken) {
    if (!config.authorize || (await config.authorize(request, right))) rights.push(right);
  }
  return rights;
}
