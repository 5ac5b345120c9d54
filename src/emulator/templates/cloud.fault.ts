/** What the cloud API answers instead of a result: thrown by actions, sent in the envelope. */
export class CloudFault extends Error {
  /** @param code such as `InvalidParameterValue` (doc 267/30815) */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'CloudFault';
  }
}
