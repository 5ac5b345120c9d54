const MASK = '***';
/** Shorter ones are not secret for long, and words of a usual text. */
const SHORTEST_SECRET = 8;
/** Values of secrets in JSON, also in JSON within a JSON text. */
const NAMED = /(\\*"(?:sign|CallbackKey|SecretKey)\\*"\s*:\s*\\*")[^"\\]+/g;
/** Values of secrets in query strings, those of push URLs included. */
const IN_QUERY = /\b((?:token|txSecret|sign|key)=)[^&\s"'\\|;]+/g;
/** Password of a URL. */
const IN_URL = /(\w:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/g;

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
    return masked
      .replace(NAMED, `$1${MASK}`)
      .replace(IN_QUERY, `$1${MASK}`)
      .replace(IN_URL, `$1${MASK}`);
  }
}
