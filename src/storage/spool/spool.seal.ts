import { createHmac } from 'node:crypto';

import { outsideRequests } from '../../common/outside-requests.js';
import { isSameSecret } from '../../common/same-secret.js';
import { TimeScale } from '../../common/time-scale.js';
import { withTimeout } from '../../common/with-timeout.js';
import { readPayload } from '../../events/payload/read-payload.js';
import { streamIdentityOf } from '../../events/stream-identity.js';
import { resolveKey } from '../../options/key.config.js';
import type { LiveCallbackConfig } from '../../options/live-callback.config.js';
import type { CallbackKeyQuery, CallbackKeyResolver } from '../../options/live-callback.options.js';
import type { SealedCallback, SpooledCallback } from './spool.file.js';

const KEY_DEADLINE_MS = 3_000;
/** How long callbacks hold up others whose keys cannot be had, ms. */
const PATIENCE_MS = 60_000;
const NOBODY: CallbackKeyQuery = { domain: null, appId: null };

/** As it was written; changed there, or sealed with a key that is gone; or nobody can tell. */
export type SealVerdict = 'genuine' | 'changed' | 'keyless';

/**
 * Seals what waits in the file, so that a row that was changed or added there is not taken for one that
 * was verified. The pair of the body cannot do that: it covers neither the body nor the rest of the row,
 * and whoever reads the file finds pairs to copy. So a row has an HMAC under a secret of the options, of
 * which any that they have now will do: the first is what it was made with, also while keys rotate.
 */
export class SpoolSeal {
  /** Names for which the host's function gives no keys. */
  private readonly failing = new Map<
    string,
    { readonly since: number; readonly askedAt: number }
  >();

  constructor(
    private readonly config: Pick<LiveCallbackConfig, 'keys' | 'urlToken'>,
    private readonly time = new TimeScale(),
  ) {}

  /** @throws Error when the host's function gives no keys now */
  async of(callback: SpooledCallback): Promise<string> {
    const identity = this.identityOf(callback);
    const [secret] = await this.secretsFor(identity);
    this.failing.delete(JSON.stringify(identity));
    if (secret === undefined) throw new Error('there is no key to seal a callback with');
    return seal(callback, secret);
  }

  /**
   * What is to become of them. Asks the host's function once for all that name the same domain and account.
   *
   * @throws Error when it gives no keys now; no more once it has given none for a minute
   */
  async verdictsOn(batch: readonly SealedCallback[]): Promise<SealVerdict[]> {
    const asked = new Map<string, Promise<readonly string[] | null>>();
    const verdicts = await Promise.allSettled(
      batch.map(async ({ seal: given, ...callback }) => {
        const identity = this.identityOf(callback);
        const name = JSON.stringify(identity);
        const asking = asked.get(name) ?? this.askPatiently(name, identity);
        asked.set(name, asking);
        const secrets = await asking;
        if (secrets === null) return 'keyless';
        const own = secrets.some((secret) => isSameSecret(given, seal(callback, secret)));
        return own ? 'genuine' : 'changed';
      }),
    );
    return verdicts.map((verdict) => {
      if (verdict.status === 'rejected') throw verdict.reason;
      return verdict.value;
    });
  }

  /** @returns null where there have been none for so long that others should not wait any more */
  private async askPatiently(name: string, identity: CallbackKeyQuery) {
    const now = this.time.now();
    const known = this.failing.get(name);
    // Of longer ago: a new minute begins.
    const failure = known && now - known.askedAt < 2 * PATIENCE_MS ? known : undefined;
    const isGivenUp = failure !== undefined && now - failure.since >= PATIENCE_MS;
    if (isGivenUp && now - failure.askedAt < PATIENCE_MS) return null;
    try {
      const secrets = await this.secretsFor(identity);
      this.failing.delete(name);
      return secrets;
    } catch (error) {
      this.failing.set(name, { since: failure?.since ?? now, askedAt: now });
      if (isGivenUp) return null;
      throw error;
    }
  }

  private async secretsFor(identity: CallbackKeyQuery): Promise<string[]> {
    const { keys, urlToken } = this.config;
    const found = typeof keys === 'function' ? await askFor(keys, identity) : keys;
    return [...found.map(({ key }) => key), ...(urlToken === null ? [] : [urlToken])];
  }

  /** What the function was asked when the callback came. A body that was damaged since has none. */
  private identityOf({ body, bodyEncoding }: SpooledCallback): CallbackKeyQuery {
    if (typeof this.config.keys !== 'function') return NOBODY;
    try {
      const { value } = readPayload(Buffer.from(body, bodyEncoding));
      const { domain, appId } = streamIdentityOf(value);
      return { domain, appId };
    } catch {
      return NOBODY;
    }
  }
}

async function askFor(keys: CallbackKeyResolver, identity: CallbackKeyQuery) {
  const asked = outsideRequests(async () => keys(identity));
  const late = () => new Error(`no keys within ${KEY_DEADLINE_MS} ms`);
  return (await withTimeout(asked, KEY_DEADLINE_MS, late)).map((key) => resolveKey('keys()', key));
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
