import {
  BadRequestException,
  ConflictException,
  Injectable,
  ServiceUnavailableException,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, throwError, type Observable } from 'rxjs';

import { AuditBusyError, StorageUnavailableError } from '../../storage/storage.error.js';
import { AuditRequestError } from '../audit-request.error.js';
import { BodyPurgedError } from '../body-purged.error.js';

/**
 * Says in HTTP what the audit service says in errors of the module. Not a filter, so that the filters of
 * the host, which may have a shape of their own for answers, get HTTP exceptions as from any controller.
 */
@Injectable()
export class AuditErrorInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(catchError((error: unknown) => throwError(() => httpExceptionOf(error))));
  }
}

/** Anything else is a fault of this side, which Nest logs and answers with 500. */
function httpExceptionOf(error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof AuditRequestError) return new BadRequestException(error.message, options);
  if (error instanceof BodyPurgedError) return new ConflictException(error.message, options);
  if (error instanceof StorageUnavailableError || error instanceof AuditBusyError) {
    return new ServiceUnavailableException(error.message, options);
  }
  return error;
}
