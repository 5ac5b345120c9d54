import { randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
/** Ids per request to the system's random source, which costs more than the rest of an id. */
const POOL_IDS = 256;

/** Makes ids of rows: UUIDs of version 7 (RFC 9562), which sort by time and then by a counter of 26 bits. */
export class IdSource {
  private readonly pool = Buffer.alloc(POOL_IDS * ID_BYTES);
  private used = this.pool.length;
  private sequence = 0;
  private lastMillisecond = 0;

  /** @param msecs Unix milliseconds */
  next(msecs: number): string {
    this.sequence = msecs === this.lastMillisecond ? this.sequence + 1 : 0;
    this.lastMillisecond = msecs;
    const id = this.random();
    id.writeUIntBE(msecs, 0, 6);
    id.writeUInt16BE(0x7000 | (this.sequence >>> 14), 6);
    id.writeUInt16BE(0x8000 | (this.sequence & 0x3fff), 8);
    const hex = id.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  private random(): Buffer {
    if (this.used === this.pool.length) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const start = this.used;
    this.used += ID_BYTES;
    return this.pool.subarray(start, this.used);
  }
}

/** Before every id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The smallest id that a callback received at this time can have: ids begin with their time. */
export function firstIdAt(moment: Date): string {
  const hex = Math.min(Math.max(moment.getTime(), 0), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
