import { Injectable, Logger } from '@nestjs/common';

import { RejectionRecorder } from '../audit/index.js';
import { errorText } from '../bus/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { contextOf } from './callback.context.js';
import { writeReply } from './callback.reply.js';
import { maskSecrets } from './mask-secrets.js';
import type { CallbackRefusedError } from './refusal.js';
import { remoteAddressOf } from './remote-address.js';

const EXCERPT_BYTES = 512;

/** Answers refused requests, and remembers that they came. */
@Injectable()
export class RefusalHandler {
  private readonly logger = new Logger('LiveCallback');

  constructor(private readonly rejections: RejectionRecorder) {}

  refuse(request: object, response: object, error: CallbackRefusedError): void {
    const { reason } = error;
    const remoteAddress = remoteAddressOf(request);
    writeReply(response, error.getStatus());
    emitSignal('refused', () => ({ reason, remoteAddress }));
    const body = contextOf(request)?.body;
    this.rejections.record({
      reason,
      remoteAddress,
      excerpt: () => (body ? maskSecrets(body.subarray(0, EXCERPT_BYTES).toString()) : null),
    });
    if (reason === 'keys-unavailable') {
      this.logger.error(`The function given as "keys" failed: ${errorText(error.cause)}`);
    }
    if (reason === 'body-not-captured') {
      this.logger.error(
        'The body of a callback was consumed before the module could read it: something in front of this application parses bodies. Exempt the callback routes from it.',
      );
    }
  }
}
