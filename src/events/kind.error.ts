import { LiveCallbackError } from '../common/live-callback.error.js';

/**
 * A DTO, a transformation or a definition threw, which is no word on whether the callback fits: the sender
 * is asked to come again.
 */
export class KindError extends LiveCallbackError {
  readonly code = 'kind-failed';

  /** Says where, and not what: the message of the cause may quote the callback. */
  constructor(dto: string, cause: unknown) {
    const isError = cause instanceof Error;
    const place = isError ? /\n +(at .+)/.exec(cause.stack ?? '')?.[1] : undefined;
    super(
      `${dto} threw ${isError ? cause.name : typeof cause} ${place ?? ''}. Mend it: what does not fit is told by class-validator, and a transformation leaves it as it is.`,
      { cause },
    );
  }
}
