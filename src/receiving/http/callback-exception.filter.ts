import {
  Catch,
  HttpException,
  Injectable,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { MinuteLog } from '../../common/minute.log.js';
import { closeContext } from './callback.context.js';
import { writeReply } from './callback.reply.js';
import { RefusalException } from './refusal.exception.js';
import { CallbackRefusedError } from '../refusals/refusal.js';
import { RefusalHandler } from '../refusals/refusal.handler.js';

/**
 * Last word on the callback routes. Bound to their controllers, it comes before every global filter
 * of the host, of which some answer every error with 200.
 */
@Catch()
@Injectable()
export class CallbackExceptionFilter implements ExceptionFilter {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));

  constructor(private readonly refusals: RefusalHandler) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<object>();
    const response = http.getResponse<object>();
    const refusal = error instanceof RefusalException ? error.refusal : error;
    if (refusal instanceof CallbackRefusedError) {
      this.refusals.refuse(request, response, refusal);
    } else if (error instanceof HttpException && error.getStatus() >= 400) {
      this.log.error(
        'refused by the host',
        () =>
          `A guard or interceptor of the application refused a callback: ${errorText(error)}. Exempt the callback controllers from it: LiveCallbackModule.forRoot({ decorators: [Public()], … }).`,
      );
      writeReply(response, error.getStatus());
    } else {
      this.log.error(
        `failed: ${error instanceof Error ? error.name : typeof error}`,
        () => `A callback failed and was answered with 503: ${errorText(error)}`,
      );
      writeReply(response, 503);
    }
    closeContext(request);
  }
}
