import { Injectable, Logger } from '@nestjs/common';

import { emitSignal } from '../common/signals.js';
import type { JsonObject } from '../events/payload/payload.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackRefusedError } from './refusals/refusal.js';

const MINUTE_MS = 60_000;
const MIB = 2 ** 20;
/** Bytes of a minute of which the log speaks: more than 20 full seconds of a busy account. */
const NOTABLE_BYTES = 128 * MIB;
/** Pairs that are valid at one time: 900 seconds, of several keys. */
const MAX_PAIRS = 4_096;
/** This part of the quota an address may bring with a pair that others have used up. */
const SHARE = 1 / 64;

/**
 * Counts the bytes that come in with valid pairs. Whoever has seen one pair can send any number of bodies
 * with it until it expires, and each is stored; so a pair may bring no more than `pairQuotaBytes`.
 *
 * CSS signs all callbacks of a second with one pair, so the quota is far above what a second can hold.
 * Beyond it the answer is 503, and CSS comes again; but who has brought little with the pair from its address
 * goes on, until there is twice the quota. What a flood can delay, and after the last retry lose, are
 * callbacks of the second whose pair it has, where they come from its own address (as all do behind a
 * balancer that the host does not trust) or it has 64 addresses.
 */
@Injectable()
export class VolumeWatch {
  private readonly logger = new Logger('LiveCallback');
  /** Bytes by pair, oldest first. */
  private readonly pairs = new Map<string, number>();
  /** The same by pair and address. */
  private readonly shares = new Map<string, number>();
  private minute = 0;
  private bytes = 0;
  private callbacks = 0;

  constructor(private readonly config: LiveCallbackConfig) {}

  /** @throws CallbackRefusedError `pair-quota` when the pair has brought too much */
  add({ t, sign }: JsonObject, bytes: number, address: string | null): void {
    const now = this.config.clock();
    this.turnMinute(now);
    // Kinds that are not signed share a quota per minute.
    const pair = sign === undefined ? `unsigned ${this.minute}` : JSON.stringify([Number(t), sign]);
    const share = `${pair} ${address}`;
    const total = (this.pairs.get(pair) ?? 0) + bytes;
    const own = (this.shares.get(share) ?? 0) + bytes;
    const { pairQuotaBytes: quota } = this.config;
    if (total > quota && (own > quota * SHARE || total > 2 * quota)) {
      throw new CallbackRefusedError('pair-quota');
    }
    keep(this.pairs, pair, total);
    keep(this.shares, share, own);
    this.callbacks++;
    const isNotable = this.bytes < NOTABLE_BYTES && this.bytes + bytes >= NOTABLE_BYTES;
    this.bytes += bytes;
    if (isNotable) {
      this.logger.warn(
        `More than ${NOTABLE_BYTES / MIB} MiB of callbacks came within a minute. Where that is unusual, somebody may repeat a pair: compare the stored bodies, and rotate the key.`,
      );
    }
  }

  private turnMinute(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.minute) return;
    const { bytes, callbacks } = this;
    if (callbacks > 0) emitSignal('volume', () => ({ bytes, callbacks }));
    this.minute = minute;
    this.bytes = 0;
    this.callbacks = 0;
  }
}

function keep(counts: Map<string, number>, key: string, bytes: number): void {
  counts.set(key, bytes);
  if (counts.size > MAX_PAIRS) counts.delete(counts.keys().next().value as string);
}
