import { EmulatorError } from '../emulator.error.js';
import { SeededRandom } from '../seeded.random.js';
import type { Fault } from './fault.book.js';

/** A network between the sender and the receiver on which callbacks get lost and late. */
export interface NetworkOptions {
  /** The same seed gives the same fates to the same callbacks in the same order. Default: 1. */
  seed?: number;
  /** Which part of the callbacks never arrives, in spite of all retries; 0 to 1. Default: 0. */
  lost?: number;
  /** Which part of the others is late, and so overtaken by later ones; 0 to 1. Default: 0. */
  late?: number;
  /** By how much, at most, ms. Default: 600000. */
  maxDelayMs?: number;
}

/** What the network does to one callback. */
export interface Fate {
  readonly faults: readonly Fault[];
  readonly delayMs: number;
}

const UNHARMED: Fate = { faults: [], delayMs: 0 };
const LOST: Fate = {
  faults: [{ name: 'lost-request', attempts: Infinity, after: undefined, holdMs: 0 }],
  delayMs: 0,
};

/** Draws the fate of each callback by a seed. */
export class RandomNetwork {
  private readonly random: SeededRandom;
  private readonly options: Required<NetworkOptions>;

  /** @throws EmulatorError for a part that is none */
  constructor({ seed = 1, lost = 0, late = 0, maxDelayMs = 600_000 }: NetworkOptions) {
    for (const [option, part] of Object.entries({ lost, late })) {
      if (part >= 0 && part <= 1) continue;
      throw new EmulatorError(`network.${option} must be from 0 to 1, not ${part}.`);
    }
    if (!(maxDelayMs >= 0)) {
      throw new EmulatorError(`network.maxDelayMs must be 0 or more, not ${maxDelayMs}.`);
    }
    this.random = new SeededRandom(seed);
    this.options = { seed, lost, late, maxDelayMs };
  }

  nextFate(): Fate {
    const { lost, late, maxDelayMs } = this.options;
    const drawn = this.random.next();
    const isLate = this.random.next() < late;
    const delayMs = Math.round(this.random.next() * maxDelayMs);
    if (drawn < lost) return LOST;
    return isLate ? { faults: [], delayMs } : UNHARMED;
  }
}
