/** What stands for a secret. */
export const MASK = '***';

/** A URL, fit to be shown: without user, password, and the values of its query. */
export function maskUrl(url: string): string {
  return url
    .replace(/\/\/[^/?#]*@/, `//${MASK}@`)
    .replace(/([?&][^=&#]*)=[^&#]*/g, `$1=${MASK}`)
    .replace(/#.*/s, `#${MASK}`);
}

/** A text without the given secrets. */
export function maskSecretsIn(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>(
    (masked, secret) => (secret ? masked.replaceAll(secret, MASK) : masked),
    text,
  );
}
