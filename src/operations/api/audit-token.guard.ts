import {
  ForbiddenException,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { emitSignal } from '../../common/signals.js';
import { remoteAddressOf } from '../../receiving/http/remote-address.js';
import { AuditAccess, bearerOf } from './audit.access.js';
import { refuseForeignPost, rightOf, type AuditRequest } from './audit-request.js';

/** What the responses of Express and Fastify have in common. */
interface AuditResponse {
  header(name: string, value: string): unknown;
}

/** Lets bearers of a token that has the right pass; without tokens the guards after it decide alone. */
@Injectable()
export class AuditTokenGuard implements CanActivate {
  constructor(private readonly access: AuditAccess) {}

  /** @throws UnauthorizedException, ForbiddenException, UnsupportedMediaTypeException */
  canActivate(execution: ExecutionContext): boolean {
    const http = execution.switchToHttp();
    const request = http.getRequest<AuditRequest>();
    // Here and not by a decorator, which would leave out the answers of guards and filters.
    http.getResponse<AuditResponse>().header('cache-control', 'no-store');
    const right = rightOf(request);
    if (right === 'act') refuseForeignPost(request);
    const { tokens } = this.access.config;
    if (tokens.length === 0) return true;
    const { rights } = bearerOf(this.access.config, request) ?? {};
    if (!rights) {
      this.count(request);
      throw new UnauthorizedException();
    }
    if (!rights.includes(right)) {
      throw new ForbiddenException(`this token does not have the right to ${right}`);
    }
    return true;
  }

  private count(request: AuditRequest): void {
    const reason = 'audit-token';
    const remoteAddress = remoteAddressOf(request);
    emitSignal('refused', () => ({ reason, remoteAddress }));
    this.access.desk.rejections.record({ reason, remoteAddress, excerpt: () => null });
  }
}
