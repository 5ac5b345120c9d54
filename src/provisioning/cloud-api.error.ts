import { failureClassOf, type FailureClass } from './failure-class.js';
import { ProvisioningError } from './provisioning.error.js';

/** What is known about a failed call. */
export interface CloudFailure {
  readonly action: string;
  /** Of the API; null when it gave no answer. */
  readonly code: string | null;
  readonly requestId: string | null;
  /** Without secrets. */
  readonly problem: string;
  readonly advice: string;
  /** Default: by the code. */
  readonly failureClass?: FailureClass;
}

/** Thrown for a call of the cloud API that failed for good. */
export class CloudApiError extends ProvisioningError {
  readonly action: string;
  readonly code: string | null;
  /** To be quoted to the vendor's support; null when there was no answer. */
  readonly requestId: string | null;
  readonly failureClass: FailureClass;

  constructor(failure: CloudFailure, options?: ErrorOptions) {
    const { action, code, requestId, problem, advice } = failure;
    const known = [code, requestId && `RequestId ${requestId}`].filter(Boolean).join(', ');
    super('cloud', `${action} failed${known && ` (${known})`}: ${problem} ${advice}`, options);
    this.name = 'CloudApiError';
    this.action = action;
    this.code = code;
    this.requestId = requestId;
    this.failureClass = failure.failureClass ?? failureClassOf(code);
  }
}
