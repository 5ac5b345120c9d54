/** Thrown at start for an option that cannot be used; the message begins with its path. */
export class LiveCallbackOptionsError extends Error {
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path} ${problem}`);
    this.name = 'LiveCallbackOptionsError';
  }
}
