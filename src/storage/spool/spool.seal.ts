import { createHmac } from 'node:crypto';

import { isSameSecret } from '../../common/same-secret.js';
import { withTimeout } from '../../common/with-timeout.js';
import { readPayload } from '../../events/payload/read-payload.js';
import { streamIdentityOf } from '../../events/stream-identity.js';
import { resolveKey } from '../../options/key.config.js';
import type { LiveCallbackConfig } from '../../options/live-callback.config.js';
import type { SpooledCallback } from './spool.file.js';

const KEY_DEADLINE_MS = 3_000;

/**
 * Seals what waits in the file, so that a row that was changed or added there is not taken for one that
 * was verified. The pair of the body cannot do that: it covers neither the body nor the rest of the row,
 * and whoever reads the file finds pairs to copy. So a row has an HMAC under a secret of the options, of
 * which any that they have now will do: the first is what it was made with, also while keys rotate.
 */
export class SpoolSeal {
  constructor(private readonly config: Pick<LiveCallbackConfig, 'keys' | 'urlToken'>) {}

  /** @throws Error when the host's function gives no keys now */
  async of(callback: SpooledCallback): Promise<string> {
    const [secret] = await this.secretsFor(callback);
    if (secret === undefined) throw new Error('there is no key to seal a callback with');
    return seal(callback, secret);
  }

  /** @throws Error when the host's function gives no keys now */
  async isGenuine(callback: SpooledCallback, given: unknown): Promise<boolean> {
    if (typeof given !== 'string') return false;
    const secrets = await this.secretsFor(callback);
    return secrets.some((secret) => isSameSecret(given, seal(callback, secret)));
  }

  private async secretsFor({ body, bodyEncoding }: SpooledCallback): Promise<string[]> {
    const { keys, urlToken } = this.config;
    const found =
      typeof keys === 'function' ? await askFor(keys, Buffer.from(body, bodyEncoding)) : keys;
    return [...found.map(({ key }) => key), ...(urlToken === null ? [] : [urlToken])];
  }
}

async function askFor(keys: Extract<LiveCallbackConfig['keys'], Function>, body: Buffer) {
  const asked = Promise.resolve(keys(identityOf(body)));
  const late = () => new Error(`no keys within ${KEY_DEADLINE_MS} ms`);
  return (await withTimeout(asked, KEY_DEADLINE_MS, late)).map((key) => resolveKey('keys()', key));
}

/** What the function was asked when the callback came. A body that was damaged since has none. */
function identityOf(body: Buffer) {
  try {
    const { domain, appId } = streamIdentityOf(readPayload(body).value);
    return { domain, appId };
  } catch {
    return { domain: null, appId: null };
  }
}

function seal(callback: SpooledCallback, secret: string): string {
  const { position, receivedAt, routeKind, remoteAddress, body, bodyEncoding } = callback;
  const text = JSON.stringify([
    'spool',
    position,
    receivedAt,
    routeKind,
    remoteAddress,
    body,
    bodyEncoding,
  ]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}
