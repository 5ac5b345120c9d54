import { HttpException } from '@nestjs/common';

import type { CallbackRefusedError } from '../refusals/refusal.js';

/** A refusal as the answer of a host's own controller: generic outside, the reason is its cause. */
export class RefusalException extends HttpException {
  constructor(readonly refusal: CallbackRefusedError) {
    const { status } = refusal;
    super({ code: status }, status, { cause: refusal });
  }
}
