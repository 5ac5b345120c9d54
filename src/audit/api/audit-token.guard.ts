import type { IncomingHttpHeaders } from 'node:http';

import {
  Inject,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../../live-callback.config.js';
import { isSameSecret } from '../../same-secret.js';

/** Lets bearers of the configured token pass; without a token the host's guards decide alone. */
@Injectable()
export class AuditTokenGuard implements CanActivate {
  constructor(@Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig) {}

  /** @throws UnauthorizedException */
  canActivate(execution: ExecutionContext): boolean {
    if (this.config.auditToken === null) return true;
    const { headers } = execution.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
    const [, token = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
    if (!isSameSecret(token, this.config.auditToken)) throw new UnauthorizedException();
    return true;
  }
}
