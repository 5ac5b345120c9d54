import { Inject, Injectable } from '@nestjs/common';

import { ClockWatch } from '../audit/index.js';
import {
  EventCatalog,
  streamIdentityOf,
  textOf,
  UNKNOWN_KIND,
  type JsonObject,
  type Payload,
} from '../events/index.js';
import { resolveKey } from '../config/key.config.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import type { BoundCallbackKey, CallbackKeyResolver } from '../live-callback.options.js';
import { isSameSecret } from '../same-secret.js';
import { CallbackRefusedError } from './refusal.js';
import { SignatureCheck } from './signature.check.js';

/** How far ahead `t` may lie: CSS signs for 600 s, and clocks may differ by 300 s. */
const MAX_LIFETIME_SECONDS = 900;
const KEY_DEADLINE_MS = 3_000;

/**
 * `sign = MD5(key + t)`, lower-case hex; `t` = Unix seconds at which the signature expires, 600
 * after sending (doc 267/38080). Neither body nor URL is covered, and different events often carry
 * the same pair, so a pair proves no more than that the caller has seen the key at work.
 */
@Injectable()
export class CallbackVerifier {
  private readonly signatures = new SignatureCheck();

  constructor(
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
    private readonly catalog: EventCatalog,
    private readonly clock: ClockWatch,
  ) {}

  /**
   * Checks that a payload is signed with a configured key and not expired. Needs no HTTP: use it
   * for callbacks that came another way, such as through a queue.
   *
   * @param hasUrlToken whether {@link verifyUrl} has passed, without which no kind may be unsigned
   * @throws CallbackRefusedError with the reason
   */
  async verify({ value, repeatedKeys }: Payload, hasUrlToken = false): Promise<void> {
    if (hasUrlToken && this.mayBeUnsigned(value)) return;
    if (repeatedKeys.has('t') || repeatedKeys.has('sign')) {
      throw new CallbackRefusedError('pair-repeated');
    }
    const t = readExpiry(value);
    const sign = readSign(value);
    const { keys } = this.config;
    const candidates = typeof keys === 'function' ? await keysOf(keys, value) : keys;
    const signers = candidates.filter(({ key }) => this.signatures.isOf(key, t, sign));
    if (signers.length === 0) throw new CallbackRefusedError('sign-mismatch');
    if (!signers.some((key) => isFor(key, value))) throw new CallbackRefusedError('key-foreign');
    // Last, so that "expired" means a genuine callback that came too late.
    const left = Number(t) - this.config.clock() / 1000;
    if (!(left > -this.config.expiryGraceSeconds)) this.refuse(t, 'expired');
    if (!(left <= MAX_LIFETIME_SECONDS)) this.refuse(t, 'not-yet-valid');
    this.clock.accepted(Number(t));
  }

  /** Either the request is old or the clock of this host is wrong. */
  private refuse(t: string, reason: 'expired' | 'not-yet-valid'): never {
    this.clock.refused(Number(t), reason);
    throw new CallbackRefusedError(reason);
  }

  /**
   * Checks the token of the URL, where one is configured.
   *
   * @param url the request target
   * @throws CallbackRefusedError
   */
  verifyUrl(url: string): void {
    if (this.config.urlToken === null) return;
    const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
    const tokens = new URLSearchParams(query).getAll('token');
    if (tokens.length !== 1 || !isSameSecret(tokens[0] as string, this.config.urlToken)) {
      throw new CallbackRefusedError('url-token');
    }
  }

  /** Neither `t` nor `sign`, and of a kind that the host accepts so. */
  private mayBeUnsigned(payload: JsonObject): boolean {
    if (this.config.unsigned.size === 0) return false;
    if (Object.hasOwn(payload, 't') || Object.hasOwn(payload, 'sign')) return false;
    return this.config.unsigned.has(this.catalog.ofPayload(payload)?.kind ?? UNKNOWN_KIND);
  }
}

/** @throws CallbackRefusedError when the host's function gives none in time */
async function keysOf(
  resolve: CallbackKeyResolver,
  payload: JsonObject,
): Promise<readonly BoundCallbackKey[]> {
  const { domain, appId } = streamIdentityOf(payload);
  let timer: NodeJS.Timeout | undefined;
  try {
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no keys within ${KEY_DEADLINE_MS} ms`)),
        KEY_DEADLINE_MS,
      );
    });
    const found = await Promise.race([resolve({ domain, appId }), deadline]);
    return found.map((key, index) => resolveKey(`keys()[${index}]`, key));
  } catch (cause) {
    throw new CallbackRefusedError('keys-unavailable', { cause });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The digits of `t`, exactly ten: that alone defeats length extension, whose padding is never
 * digits only, and the confusion of keys that end in digits.
 */
function readExpiry(payload: JsonObject): string {
  if (!Object.hasOwn(payload, 't')) throw new CallbackRefusedError('t-missing');
  const { t } = payload;
  const digits = typeof t === 'number' && Number.isSafeInteger(t) ? String(t) : t;
  if (typeof digits !== 'string' || !/^[1-9]\d{9}$/.test(digits)) {
    throw new CallbackRefusedError('t-malformed');
  }
  return digits;
}

function readSign(payload: JsonObject): string {
  if (!Object.hasOwn(payload, 'sign')) throw new CallbackRefusedError('sign-missing');
  const { sign } = payload;
  if (typeof sign !== 'string' || !/^[0-9a-f]{32}$/.test(sign)) {
    throw new CallbackRefusedError('sign-malformed');
  }
  return sign;
}

/** Kinds that carry no domain or account cannot speak for a foreign one. */
function isFor({ domain, appId }: BoundCallbackKey, payload: JsonObject): boolean {
  return agrees(payload, ['app', 'domain'], domain) && agrees(payload, ['appid', 'appId'], appId);
}

/** Every spelling must agree: a DTO may read another one than the row does. */
function agrees(
  payload: JsonObject,
  spellings: readonly string[],
  bound: string | undefined,
): boolean {
  return (
    bound === undefined ||
    spellings.every((name) => {
      const value = payload[name] ?? null;
      return value === null || textOf(value)?.toLowerCase() === bound.toLowerCase();
    })
  );
}
