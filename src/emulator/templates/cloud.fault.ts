import { LiveCallbackError } from '../../common/live-callback.error.js';

/** What the cloud API answers instead of a result: thrown by actions, sent in the envelope. */
export class CloudFault extends LiveCallbackError {
  readonly code = 'cloud-fault';

  /** @param cloudCode such as `InvalidParameterValue` */
  constructor(
    readonly cloudCode: string,
    message: string,
  ) {
    super(message);
  }
}
