import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Why a request is refused, and the HTTP status that tells the caller no more than it must. */
export const REFUSAL_STATUS = {
  'media-type': 415,
  charset: 415,
  'content-encoding': 415,
  'body-too-large': 413,
  'body-timeout': 408,
  'body-aborted': 400,
  'utf8-invalid': 400,
  'json-invalid': 400,
  'json-not-object': 400,
  'json-too-deep': 400,
  'url-token': 401,
  't-missing': 401,
  't-malformed': 401,
  'sign-missing': 401,
  'sign-malformed': 401,
  'pair-repeated': 401,
  'sign-mismatch': 401,
  'key-foreign': 401,
  /** The domain is spelt in two ways that name different ones. */
  'domain-ambiguous': 401,
  /** Signed correctly, but its time is over. Many of these: the clock of this host is fast. */
  expired: 401,
  /** Signed correctly, but valid for longer than CSS makes it. Many: the clock is slow. */
  'not-yet-valid': 401,
  /** More bodies are being read than memory is set aside for. */
  overloaded: 503,
  /** The pair has brought more bytes than `pairQuotaBytes`: somebody may repeat it. */
  'pair-quota': 503,
  /** The function given as `keys` failed. */
  'keys-unavailable': 503,
  /** Something in front of the module consumed the body. */
  'body-not-captured': 503,
} as const;

/** Stable code of a refusal: in logs, rejection rows and events, never in an answer. */
export type RefusalReason = keyof typeof REFUSAL_STATUS;

/**
 * Thrown for a request that is refused. The reason is for this side alone; the caller gets a generic
 * answer. Has no stack trace, which would cost whoever refuses more than it costs those who forge.
 */
export class CallbackRefusedError extends LiveCallbackError {
  readonly code = 'callback-refused';

  constructor(
    readonly reason: RefusalReason,
    options?: { cause?: unknown },
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`The callback was refused: ${reason}`, options);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** HTTP status that tells the caller no more than it must, for those who answer themselves. */
  get status(): number {
    return REFUSAL_STATUS[this.reason];
  }
}
