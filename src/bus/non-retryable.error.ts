/** Thrown by a listener to say that trying again is of no use: the event becomes a dead letter. */
export class NonRetryableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NonRetryableError';
  }
}

/** Safe for whatever was thrown: `instanceof` itself throws for some objects. @internal */
export function isNonRetryable(thrown: unknown): boolean {
  try {
    return thrown instanceof NonRetryableError;
  } catch {
    return false;
  }
}
