import { hash, timingSafeEqual } from 'node:crypto';

/** Hexadecimal digits of an MD5. */
const SIGN_LENGTH = 32;
/** Signatures that are remembered. */
const MAX_KNOWN = 256;

/**
 * Compares signatures with `MD5(key + t)`, in constant time. What is expected is remembered: under load
 * many callbacks share the second that `t` names, and with it their signature.
 */
export class SignatureCheck {
  private readonly known = new Map<string, Buffer>();
  private readonly given = Buffer.alloc(SIGN_LENGTH);

  /**
   * @param t digits of the expiry
   * @param sign 32 lower-case hexadecimal digits
   */
  isOf(key: string, t: string, sign: string): boolean {
    this.given.write(sign, 'latin1');
    return timingSafeEqual(this.expected(key + t), this.given);
  }

  private expected(text: string): Buffer {
    let signature = this.known.get(text);
    if (!signature) {
      // A flood of forged ones makes the others no dearer than they would be without a memory.
      if (this.known.size >= MAX_KNOWN) this.known.clear();
      signature = Buffer.from(hash('md5', text), 'latin1');
      this.known.set(text, signature);
    }
    return signature;
  }
}
