/** Thrown at start when listeners cannot be run on BullMQ; the message says what to write instead. */
export class LiveCallbackBullError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LiveCallbackBullError';
  }
}
