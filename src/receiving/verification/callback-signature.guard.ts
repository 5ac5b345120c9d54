import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';

import type { JsonObject, Payload } from '../../events/payload/payload.js';
import { PayloadError } from '../../events/payload/payload.error.js';
import { readPayload } from '../../events/payload/read-payload.js';
import { contextOf, type CallbackContext } from '../http/callback.context.js';
import { rawRequest, writeReply } from '../http/callback.reply.js';
import { CallbackVerifier } from './callback.verifier.js';
import { LargeBodyCheck } from './large-body.check.js';
import { RefusalException } from '../http/refusal.exception.js';
import { CallbackRefusedError } from '../refusals/refusal.js';

/** What is read of the adapter's request. */
interface CallbackRequest {
  readonly body?: unknown;
  readonly originalUrl?: string;
  readonly url: string;
}

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

  private readonly large: LargeBodyCheck;

  constructor(private readonly verifier: CallbackVerifier) {
    this.large = new LargeBodyCheck(verifier);
  }

  /** @throws CallbackRefusedError on the module's own routes, elsewhere an HttpException made of it */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const http = execution.switchToHttp();
    const request = http.getRequest<CallbackRequest>();
    const context = contextOf(request);
    if (context) {
      const { body } = context;
      const read = () => this.large.read(body, () => payloadOf(context));
      context.payload = await this.verify(request, read, body.length);
      context.timer = this.controllerDeadline(http.getResponse<object>(), rawRequest(request).url);
      return true;
    }
    try {
      await this.verify(request, () => parsedBody(request.body));
      return true;
    } catch (error) {
      throw error instanceof CallbackRefusedError ? new RefusalException(error) : error;
    }
  }

  private async verify(
    request: CallbackRequest,
    read: () => Payload | Promise<Payload>,
    bytes = 0,
  ): Promise<Payload> {
    this.verifier.verifyUrl(request.originalUrl ?? request.url);
    const payload = await read();
    await this.verifier.verify(payload, true, bytes);
    return payload;
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

function payloadOf(context: CallbackContext): Payload {
  try {
    return readPayload(context.body, (text) => (context.text = text));
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
