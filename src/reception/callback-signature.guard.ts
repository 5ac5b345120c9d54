import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';

import { parsePayload, PayloadError, type JsonObject, type Payload } from '../events/index.js';
import { contextOf, decode, type CallbackContext } from './callback.context.js';
import { rawRequest, writeReply } from './callback.reply.js';
import { CallbackVerifier } from './callback.verifier.js';
import { CallbackRefusedError } from './refusal.js';

/** The sender gives up after 20 s; a request that the host keeps back is answered before, ms. */
const CONTROLLER_DEADLINE_MS = 8_000;

/**
 * Lets a request pass only if CSS signed it and it has not expired. Fails closed.
 *
 * The module's own routes carry it. On a host's own controller it checks the parsed body there:
 * `@UseGuards(CallbackSignatureGuard)` in a module that imports `LiveCallbackModule`.
 */
@Injectable()
export class CallbackSignatureGuard implements CanActivate {
  private readonly logger = new Logger('LiveCallback');

  constructor(private readonly verifier: CallbackVerifier) {}

  /** @throws CallbackRefusedError */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const http = execution.switchToHttp();
    const request = http.getRequest<{ body?: unknown; originalUrl?: string; url: string }>();
    this.verifier.verifyUrl(request.originalUrl ?? request.url);
    const context = contextOf(request);
    const payload = context ? read(context) : parsedBody(request.body);
    await this.verifier.verify(payload, true);
    if (context) {
      context.payload = payload.value;
      context.timer = this.controllerDeadline(http.getResponse<object>(), rawRequest(request).url);
    }
    return true;
  }

  /** An interceptor of the host that answers in place of the controller must not look like a success. */
  private controllerDeadline(response: object, url: string | undefined): NodeJS.Timeout {
    return setTimeout(() => {
      this.logger.error(
        `A callback (${url?.split('?')[0]}) was not answered in time and got 503; an interceptor of the application may have kept it from its controller. Exempt the callback controllers from it.`,
      );
      writeReply(response, 503);
    }, CONTROLLER_DEADLINE_MS).unref();
  }
}

function read(context: CallbackContext): Payload {
  try {
    context.text = decode(context.body);
  } catch {
    throw new CallbackRefusedError('utf8-invalid');
  }
  try {
    return parsePayload(context.text);
  } catch (error) {
    if (error instanceof PayloadError) throw new CallbackRefusedError(error.reason);
    throw error;
  }
}

/** What the host's own parser made of the body; repeated keys are gone by then. */
function parsedBody(body: unknown): Payload {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new CallbackRefusedError('json-not-object');
  }
  return { value: body as JsonObject, repeatedKeys: new Set() };
}
