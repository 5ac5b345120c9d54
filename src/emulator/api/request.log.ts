import type { RawParameters } from './api.parameters.js';

/** One call as the emulator remembers it, secrets masked. */
export interface LoggedRequest {
  /** Unix milliseconds. */
  readonly at: number;
  /** Empty when the call named none. */
  readonly action: string;
  readonly parameters: RawParameters;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly requestId: string;
  /** The fault on demand that struck it; null when there was none. */
  readonly fault: string | null;
}

/** Calls that are remembered; older ones go. */
const CAPACITY = 1_000;
const MASK = '***';

/** The calls that came, oldest first. */
export class RequestLog {
  private entries: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.entries.push({ ...request, parameters: mask(request.parameters) });
    if (this.entries.length > CAPACITY) this.entries.shift();
  }

  all(): readonly LoggedRequest[] {
    return [...this.entries];
  }

  clear(): void {
    this.entries = [];
  }
}

/** Keys are secret, and URLs may carry a secret in their query. */
function mask(parameters: RawParameters): RawParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (name === 'CallbackKey' && value) return [name, MASK];
      if (typeof value !== 'string') return [name, value];
      return [name, value.replace(/\/\/[^/@]*@/, `//${MASK}@`).replace(/\?.*/s, `?${MASK}`)];
    }),
  );
}
