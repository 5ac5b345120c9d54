/**
 * MD5 length extension: from `MD5(secret + message)` and the length of the secret alone, the digest
 * of `secret + message + padding + suffix`. What an attacker can do who has seen one pair.
 */

const BLOCK = 64;
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Array.from({ length: BLOCK }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);

/** What MD5 itself appends to a message of this length before the last block. */
export function md5Padding(length: number): Buffer {
  const zeros = (((55 - length) % BLOCK) + BLOCK) % BLOCK;
  const padding = Buffer.alloc(1 + zeros + 8);
  padding[0] = 0x80;
  padding.writeBigUInt64LE(BigInt(length) * 8n, 1 + zeros);
  return padding;
}

/** The extended message without its secret, and its digest. */
export interface Md5Extension {
  readonly message: Buffer;
  readonly digest: string;
}

/** Extends a known digest without the secret. */
export function extendMd5(
  digest: string,
  secretLength: number,
  message: string,
  suffix: string,
): Md5Extension {
  const known = secretLength + Buffer.byteLength(message);
  const padding = md5Padding(known);
  const total = known + padding.length + Buffer.byteLength(suffix);
  const state = new Uint32Array(4);
  const bytes = Buffer.from(digest, 'hex');
  state.forEach((_, i) => (state[i] = bytes.readUInt32LE(i * 4)));
  const rest = Buffer.concat([Buffer.from(suffix), md5Padding(total)]);
  for (let at = 0; at < rest.length; at += BLOCK) compress(state, rest.subarray(at, at + BLOCK));
  const result = Buffer.alloc(16);
  state.forEach((word, i) => result.writeUInt32LE(word, i * 4));
  return {
    message: Buffer.concat([Buffer.from(message), padding, Buffer.from(suffix)]),
    digest: result.toString('hex'),
  };
}

function compress(state: Uint32Array, block: Buffer): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < BLOCK; i++) {
    const round = i >> 4;
    const mix = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round] as number;
    const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] as number;
    const sum = (a + mix + (SINES[i] as number) + block.readUInt32LE((word % 16) * 4)) >>> 0;
    const shift = SHIFTS[round * 4 + (i % 4)] as number;
    [a, d, c] = [d, c, b];
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) >>> 0;
  }
  [a, b, c, d].forEach((word, i) => (state[i] = (state[i] as number) + word));
}
