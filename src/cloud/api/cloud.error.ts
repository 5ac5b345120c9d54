import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Why something with the cloud stopped. */
export type CloudErrorReason =
  /** The declared state, or an option, cannot be used. Nothing was called. */
  | 'invalid'
  /** The account is in a state that must not be changed without a decision. Nothing was changed. */
  | 'blocked'
  /** The cloud, or the way to it, failed. A further run goes on from there. */
  | 'cloud'
  /** The cloud reported success, but does not show what was asked for. */
  | 'unsettled'
  /** A package that is not installed is needed. */
  | 'package-missing';

/** Base of what is thrown here. The message says what happened and what to do. */
export class CloudError extends LiveCallbackError {
  readonly code: string = 'cloud-failed';

  constructor(
    readonly reason: CloudErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
