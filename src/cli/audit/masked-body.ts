const MASK = '***';

/** A stored body without its signature, whatever way it is written in. */
export function maskedBody(body: string | null): string | null {
  if (body === null) return null;
  const payload = JSON.parse(body) as Record<string, unknown>;
  const { sign } = payload;
  if (typeof sign !== 'string' || sign === '') return body;
  // With escapes in it, it stands there otherwise than it reads.
  if (!body.includes(sign)) return JSON.stringify({ ...payload, sign: MASK });
  return body.replaceAll(sign, MASK);
}
