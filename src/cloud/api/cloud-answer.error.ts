import { CloudError } from './cloud.error.js';

/** Thrown for an answer of the cloud API from which nothing can be concluded. */
export class CloudAnswerError extends CloudError {
  override readonly code = 'cloud-answer-unusable';

  /** @param problem without secrets, such as `has no TotalNum` */
  constructor(
    readonly action: string,
    problem: string,
  ) {
    super('cloud', `The answer of ${action} ${problem}. It is asked again.`);
  }
}
