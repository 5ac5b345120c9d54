import { Injectable } from '@nestjs/common';

import { ClockWatch } from './clock.watch.js';
import { EventCatalog, UNKNOWN_KIND } from '../../events/event-catalog.js';
import type { JsonObject, Payload } from '../../events/payload/payload.js';
import { streamIdentityOf } from '../../events/stream-identity.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import type { BoundCallbackKey, CallbackKeyQuery } from '../../options/live-callback.options.js';
import { isSameSecret } from '../../common/same-secret.js';
import { CallbackRefusedError } from '../refusals/refusal.js';
import { isFor, refuseAmbiguous } from './key.binding.js';
import { KeyLookup } from './key.lookup.js';
import { SignatureCheck } from './signature.check.js';
import { pairOf } from './signed-pair.js';

/** How far ahead `t` may lie: CSS signs for 600 s, and clocks may differ by 300 s. */
const MAX_LIFETIME_SECONDS = 900;

/**
 * `sign = MD5(key + t)`, lower-case hex; `t` = Unix seconds at which the signature expires, 600 after
 * sending (docs/protocol.md, 1.3). Neither body nor URL is covered, and different events often carry the
 * same pair, so a pair proves no more than that the caller has seen the key at work.
 */
@Injectable()
export class CallbackVerifier {
  private readonly signatures = new SignatureCheck();
  private readonly lookup: KeyLookup | null;

  constructor(
    private readonly config: LiveCallbackConfig,
    private readonly catalog: EventCatalog,
    private readonly clock: ClockWatch,
  ) {
    this.lookup = typeof config.keys === 'function' ? new KeyLookup(config.keys) : null;
  }

  /**
   * Checks that a payload is signed with a configured key and not expired. Needs no HTTP: use it
   * for callbacks that came another way, such as through a queue.
   *
   * @param hasUrlToken whether {@link verifyUrl} has passed, without which no kind may be unsigned
   * @param bytes size of the body, which counts while it waits for keys
   * @throws CallbackRefusedError with the reason
   */
  async verify(payload: Payload, hasUrlToken = false, bytes = 0): Promise<void> {
    if (!payload.unreadable) return this.verifyRead(payload, hasUrlToken, bytes);
    try {
      // Of what a key may be bound to nothing may be in doubt.
      if (payload.repeatedKeys.size > 0) throw new CallbackRefusedError('pair-repeated');
      await this.verifyRead(payload, hasUrlToken, bytes);
    } catch (error) {
      const isFinal = error instanceof CallbackRefusedError && error.status < 500;
      throw isFinal ? new CallbackRefusedError(payload.unreadable.reason) : error;
    }
  }

  /**
   * Checks that a body which the cloud has on record is signed with a configured key. Such a signature has
   * expired long ago; that it was sent in time is what the record says.
   *
   * @throws CallbackRefusedError with the reason
   */
  async verifyRecord(payload: Payload): Promise<void> {
    const { value, unreadable } = payload;
    if (unreadable) throw new CallbackRefusedError(unreadable.reason);
    if (!this.mayBeUnsigned(value)) await this.verifyPair(payload, 0);
    refuseAmbiguous(value);
  }

  private async verifyRead(payload: Payload, hasUrlToken: boolean, bytes: number): Promise<void> {
    const { value } = payload;
    if (hasUrlToken && this.mayBeUnsigned(value)) return refuseAmbiguous(value);
    const t = await this.verifyPair(payload, bytes);
    refuseAmbiguous(value);
    // Last, so that "expired" means a genuine callback that came too late.
    const left = Number(t) - this.config.clock() / 1000;
    if (!(left > -this.config.expiryGraceSeconds)) this.refuse(t, 'expired');
    if (!(left <= MAX_LIFETIME_SECONDS)) this.refuse(t, 'not-yet-valid');
    this.clock.accepted(Number(t));
  }

  /** @returns `t` of a pair that is signed with a key that may sign this payload */
  private async verifyPair({ value, repeatedKeys }: Payload, bytes: number): Promise<string> {
    if (repeatedKeys.has('t') || repeatedKeys.has('sign')) {
      throw new CallbackRefusedError('pair-repeated');
    }
    const { t, sign } = pairOf(value);
    const signed = ({ key }: BoundCallbackKey) => this.signatures.isOf(key, t, sign);
    const signers = this.lookup
      ? await this.lookup.signersFor(queryOf(value), signed, bytes)
      : (this.config.keys as readonly BoundCallbackKey[]).filter(signed);
    if (signers.length === 0) throw new CallbackRefusedError('sign-mismatch');
    if (!signers.some((key) => isFor(key, value, this.catalog))) {
      throw new CallbackRefusedError('key-foreign');
    }
    return t;
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

function queryOf(payload: JsonObject): CallbackKeyQuery {
  const { domain, appId } = streamIdentityOf(payload);
  return { domain, appId };
}
