/**
 * What the module throws, all of it: `code` says which failure it is and stays the same across versions,
 * the message says what happened, where, and what to write instead. All codes: docs/errors.md.
 *
 * @publicApi
 */
export abstract class LiveCallbackError extends Error {
  /** Name of the failure, for programs. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
