import {
  Catch,
  HttpException,
  Injectable,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';

import { errorText } from '../bus/index.js';
import { closeContext } from './callback.context.js';
import { writeReply } from './callback.reply.js';
import { CallbackRefusedError } from './refusal.js';
import { RefusalHandler } from './refusal.handler.js';

/**
 * Last word on the callback routes. Bound to their controllers, it comes before every global filter
 * of the host, of which some answer every error with 200.
 */
@Catch()
@Injectable()
export class CallbackExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('LiveCallback');

  constructor(private readonly refusals: RefusalHandler) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<object>();
    const response = http.getResponse<object>();
    if (error instanceof CallbackRefusedError) {
      this.refusals.refuse(request, response, error);
    } else if (error instanceof HttpException && error.getStatus() >= 400) {
      this.logger.error(
        `A guard or interceptor of the application refused a callback: ${errorText(error)}. Exempt the callback controllers from it: LiveCallbackModule.forRoot({ decorators: [Public()], … }).`,
      );
      writeReply(response, error.getStatus());
    } else {
      this.logger.error(`A callback failed and was answered with 503: ${errorText(error)}`);
      writeReply(response, 503);
    }
    closeContext(request);
  }
}
