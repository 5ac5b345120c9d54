import {
  ForbiddenException,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

import { refuseForeignPost, type AuditRequest } from '../operations/api/audit-request.js';

/** A header that no form can send, and no page of another origin without being asked by the browser first. */
const WRITE_HEADER = 'x-live-callback-console';

/** Lets what changes something come from the page of the console alone, also where cookies let it in. */
@Injectable()
export class ConsoleWriteGuard implements CanActivate {
  /** @throws ForbiddenException, UnsupportedMediaTypeException */
  canActivate(execution: ExecutionContext): boolean {
    const request = execution.switchToHttp().getRequest<AuditRequest>();
    if (request.method === 'GET' || request.method === 'HEAD') return true;
    refuseForeignPost(request);
    if (request.headers[WRITE_HEADER] !== undefined) return true;
    throw new ForbiddenException(`the request lacks the header ${WRITE_HEADER}`);
  }
}
