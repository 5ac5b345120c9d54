import { maskSecrets } from '../common/mask-secrets.js';

const MASK = '***';
/** Shorter ones are not secret for long, and words of a usual text. */
const SHORTEST_SECRET = 8;
/** Values that are never shown, whatever they are part of. */
const KEYS = /^(?:sign|CallbackKey|SecretKey)$/;
/** The same in a text whose quotes do not pair. */
const NAMED = /((?:sign|CallbackKey|SecretKey)\\{0,8}"\s{0,8}:\s{0,8}\\{0,8}")[^"\\]+/g;

/** Takes secrets out of everything that is shown. */
export class SecretMask {
  private readonly secrets = new Set<string>();

  /** From now on these are never shown. What is empty or very short is not taken for a secret. */
  add(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) {
      if (secret !== undefined && secret.length >= SHORTEST_SECRET) this.secrets.add(secret);
    }
  }

  /** The text, fit for a screen. */
  mask(text: string): string {
    let masked = text;
    // The longest first: one secret may be the beginning of another.
    for (const secret of [...this.secrets].toSorted((a, b) => b.length - a.length)) {
      masked = masked.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK);
    }
    return maskSecrets(masked, KEYS).replace(NAMED, `$1${MASK}`);
  }
}
