/** Thrown at start when a method marked with `@OnLiveEvent` cannot serve as a listener. */
export class ListenerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListenerError';
  }
}
