import type { ServerResponse } from 'node:http';

import { Logger } from '@nestjs/common';

import { MinuteLog } from '../../common/minute.log.js';
import { isOwnReply } from './callback.reply.js';

/** Tells of callbacks that something of the host answered in place of the module: nothing is stored of them. */
export class ForeignAnswerWatch {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));

  /** To be called when a request to a callback route is answered. */
  answered(response: ServerResponse, path: string): void {
    const { statusCode: status } = response;
    if (isOwnReply(response) || !response.headersSent) return;
    this.log.error(
      String(status),
      () =>
        `A POST to ${path.split('?')[0]} was answered with ${status} before it came to the module, by a middleware, hook or proxy of this application, so nothing of it was stored or counted. Exempt the callback routes from it.`,
    );
  }
}
