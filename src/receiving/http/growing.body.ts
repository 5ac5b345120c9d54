/**
 * A body whose parts are copied behind one another. To keep the parts would cost a stranger one byte each,
 * and this process some hundred.
 */
export class GrowingBody {
  private buffer = Buffer.alloc(0);
  private length = 0;

  append(part: Buffer): void {
    const length = this.length + part.length;
    if (length > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    part.copy(this.buffer, this.length);
    this.length = length;
  }

  /** All that has come. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
