import { LiveCallbackError } from '../../common/live-callback.error.js';

/** How deep a callback body may nest. The deepest documented one has five levels. */
export const MAX_DEPTH = 32;

const PROBLEMS = {
  'utf8-invalid': 'The body of a callback must be UTF-8.',
  'json-invalid': 'The body of a callback must be JSON.',
  'json-not-object': 'The body of a callback must be a JSON object.',
  'json-too-deep': `The body of a callback must not nest deeper than ${MAX_DEPTH} levels.`,
};

/** Why a text is not a payload. */
export type PayloadErrorReason = keyof typeof PROBLEMS;

/** Thrown by `parsePayload` and `parseJson`. */
export class PayloadError extends LiveCallbackError {
  readonly code = 'payload-invalid';

  constructor(readonly reason: PayloadErrorReason) {
    super(PROBLEMS[reason]);
  }
}
