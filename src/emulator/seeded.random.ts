/** Numbers that look like chance, and are the same for the same seed. */
export class SeededRandom {
  private state: number;

  /** @param seed any integer */
  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** The next number, from 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d_2b_79_f5) | 0;
    return mixed(this.state);
  }
}

/** A number from 0 to below 1 that belongs to a text, and to no order of questions. */
export function drawnFor(text: string, seed: number): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  return mixed(hash);
}

function mixed(state: number): number {
  let value = Math.imul(state ^ (state >>> 15), state | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
}
