/** Thrown when events cannot be forwarded as configured, or a broker did not take one. */
export class LiveEventBrokerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LiveEventBrokerError';
  }
}
