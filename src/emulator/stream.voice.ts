import type { CallbackFields } from '../testing/callback-fields.js';
import type { EmulatorClock } from './emulator.clock.js';
import type { SentCallback } from './outgoing.callback.js';
import type { EmulatedSession } from './stream.history.js';

/** How the parts of a stream speak of it. */
export interface StreamVoice {
  readonly clock: EmulatorClock;
  /** The push as it is now. */
  readonly session: EmulatedSession;
  /**
   * Sends a callback to the URL of a kind.
   *
   * @param delayMs from now; it goes out even if the stream has ended by then. Default: 0
   */
  say(kind: string, fields: CallbackFields, delayMs?: number): SentCallback;
}
