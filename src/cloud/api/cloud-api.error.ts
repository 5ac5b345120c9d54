import { failureClassOf, type FailureClass } from './failure-class.js';
import { CloudError } from './cloud.error.js';

/** What is known about a failed call. */
export interface CloudFailure {
  readonly action: string;
  /** Of the API; null when it gave no answer. */
  readonly cloudCode: string | null;
  readonly requestId: string | null;
  /** Without secrets. */
  readonly problem: string;
  readonly advice: string;
  /** Default: by the code. */
  readonly failureClass?: FailureClass;
}

/** Thrown for a call of the cloud API that failed for good. */
export class CloudApiError extends CloudError {
  override readonly code = 'cloud-api-failed';
  readonly action: string;
  /** Of the API; null when it gave no answer. */
  readonly cloudCode: string | null;
  /** To be quoted to the vendor's support; null when there was no answer. */
  readonly requestId: string | null;
  readonly failureClass: FailureClass;

  constructor(failure: CloudFailure, options?: ErrorOptions) {
    const { action, cloudCode, requestId, problem, advice } = failure;
    const known = [cloudCode, requestId && `RequestId ${requestId}`].filter(Boolean).join(', ');
    super('cloud', `${action} failed${known && ` (${known})`}: ${problem} ${advice}`, options);
    this.action = action;
    this.cloudCode = cloudCode;
    this.requestId = requestId;
    this.failureClass = failure.failureClass ?? failureClassOf(cloudCode);
  }
}
