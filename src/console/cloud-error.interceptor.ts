import {
  HttpException,
  HttpStatus,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, throwError, type Observable } from 'rxjs';

import { LiveCallbackError } from '../common/live-callback.error.js';

/** By the reason of an error of the cloud, which this room knows by its shape alone. */
const STATUS: ReadonlyMap<unknown, HttpStatus> = new Map<unknown, HttpStatus>([
  ['invalid', HttpStatus.BAD_REQUEST],
  ['blocked', HttpStatus.CONFLICT],
  ['cloud', HttpStatus.BAD_GATEWAY],
  ['unsettled', HttpStatus.BAD_GATEWAY],
  ['package-missing', HttpStatus.NOT_IMPLEMENTED],
]);

/** Says in HTTP why something with the cloud stopped. */
@Injectable()
export class CloudErrorInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(catchError((error: unknown) => throwError(() => httpExceptionOf(error))));
  }
}

function httpExceptionOf(error: unknown): unknown {
  if (!(error instanceof LiveCallbackError)) return error;
  const status = STATUS.get((error as { reason?: unknown }).reason);
  return status === undefined ? error : new HttpException(error.message, status, { cause: error });
}
