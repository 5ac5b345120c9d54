import {
  ForbiddenException,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { AuditAccess } from './audit.access.js';
import { rightOf, type AuditRequest } from './audit-request.js';

/** Comes after the guards of the host, which have found out who asks, and asks the host for the right. */
@Injectable()
export class AuditRightGuard implements CanActivate {
  constructor(private readonly access: AuditAccess) {}

  /** @throws ForbiddenException */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const request = execution.switchToHttp().getRequest<AuditRequest>();
    const right = rightOf(request);
    const { config } = this.access;
    if (config.authorize) return config.authorize(request, right);
    if (right !== 'reveal' || config.tokens.length > 0) return true;
    throw new ForbiddenException(
      'nobody may reveal: audit.authorize or audit.revealToken says who',
    );
  }
}
