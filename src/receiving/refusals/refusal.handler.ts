import { Injectable, Logger } from '@nestjs/common';

import { RejectionRecorder } from './rejection.recorder.js';
import { errorText } from '../../common/error-text.js';
import { MinuteLog } from '../../common/minute.log.js';
import { emitSignal } from '../../common/signals.js';
import { contextOf } from '../http/callback.context.js';
import { writeReply } from '../http/callback.reply.js';
import { maskExcerpt } from '../../common/mask-secrets.js';
import type { CallbackRefusedError } from './refusal.js';
import { remoteAddressOf } from '../http/remote-address.js';

const EXCERPT_BYTES = 512;

/** Answers refused requests, and remembers that they came. */
@Injectable()
export class RefusalHandler {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));

  constructor(private readonly rejections: RejectionRecorder) {}

  refuse(request: object, response: object, error: CallbackRefusedError): void {
    const { reason, status } = error;
    const remoteAddress = remoteAddressOf(request);
    writeReply(response, status);
    emitSignal('refused', () => ({ reason, remoteAddress }));
    const body = contextOf(request)?.body;
    this.rejections.record({
      reason,
      remoteAddress,
      excerpt: () => (body ? maskExcerpt(body.subarray(0, EXCERPT_BYTES).toString()) : null),
    });
    if (reason === 'keys-unavailable') {
      this.log.error(
        reason,
        () => `The function given as "keys" failed: ${errorText(error.cause)}`,
      );
    }
    if (reason === 'body-not-captured') {
      this.log.error(
        reason,
        () =>
          'The body of a callback was read before the module could read it, and its bytes are gone: something in front of this application parses bodies. Exempt the callback routes from it, or let it keep the bytes: express.json({ verify: (request, response, bytes) => { request.rawBody = bytes; } }).',
      );
    }
  }
}
