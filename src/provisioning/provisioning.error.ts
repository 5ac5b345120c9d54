/** Why provisioning stopped. */
export type ProvisioningErrorReason =
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

/** Base of what provisioning throws. The message says what happened and what to do. */
export class ProvisioningError extends Error {
  constructor(
    readonly reason: ProvisioningErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ProvisioningError';
  }
}
