import type { Payload } from '../../events/payload/payload.js';
import { salvagePayload } from '../../events/payload/salvaged-payload.js';
import { CallbackRefusedError } from '../refusals/refusal.js';
import type { CallbackVerifier } from './callback.verifier.js';

/** From here on reading a body takes milliseconds, where it has many keys. Documented ones are smaller. */
const LARGE_BYTES = 16 * 1024;
const SECOND_MS = 1_000;
/** How much of a second refused bodies may take that are read only to say why, ms. */
const EXPLAINING_MS = 300;
const OUT_OF_TIME = ['expired', 'not-yet-valid'];

/**
 * Verifies the pair of a large body before the rest of it is built: strangers can send many, and would
 * have all the processor. A body whose pair is good is read, whatever it is.
 */
export class LargeBodyCheck {
  private second = 0;
  private spentMs = 0;

  constructor(private readonly verifier: CallbackVerifier) {}

  /**
   * @param read reads the whole body
   * @throws CallbackRefusedError for one that need not be read any further, or the error of reading
   */
  async read(body: Buffer, read: () => Payload): Promise<Payload> {
    if (body.length < LARGE_BYTES) return read();
    try {
      const glimpse = salvagePayload(body);
      if (glimpse === null) throw new CallbackRefusedError('json-not-object');
      await this.verifier.verify(glimpse, true, body.length);
    } catch (error) {
      // Out of its time is exact, and the clock has counted it: verified again, it would be two.
      const isFinal = error instanceof CallbackRefusedError && OUT_OF_TIME.includes(error.reason);
      if (isFinal || !this.mayExplain()) throw error;
      return this.explain(read);
    }
    return read();
  }

  /** Reading says more exactly what is wrong. */
  private explain(read: () => Payload): Payload {
    const began = performance.now();
    try {
      return read();
    } finally {
      this.spentMs += performance.now() - began;
    }
  }

  private mayExplain(): boolean {
    const second = Math.floor(performance.now() / SECOND_MS);
    if (second !== this.second) this.spentMs = 0;
    this.second = second;
    return this.spentMs < EXPLAINING_MS;
  }
}
