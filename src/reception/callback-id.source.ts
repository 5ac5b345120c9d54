import { randomFillSync } from 'node:crypto';

import { v7 as uuid } from 'uuid';

const ID_BYTES = 16;
/** Ids per request to the system's random source, which costs more than the rest of an id. */
const POOL_IDS = 256;

/** Makes ids of callbacks: UUIDs of version 7, which sort by receipt time and then by a counter. */
export class CallbackIdSource {
  private readonly pool = new Uint8Array(POOL_IDS * ID_BYTES);
  private used = this.pool.length;
  private sequence = 0;
  private lastMillisecond = 0;

  /** @param msecs Unix milliseconds */
  next(msecs: number): string {
    this.sequence = msecs === this.lastMillisecond ? this.sequence + 1 : 0;
    this.lastMillisecond = msecs;
    return uuid({ msecs, seq: this.sequence, random: this.random() });
  }

  private random(): Uint8Array {
    if (this.used === this.pool.length) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const start = this.used;
    this.used += ID_BYTES;
    return this.pool.subarray(start, this.used);
  }
}
