import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';

import { AuditRequestError } from './audit-request.error.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { checkReason } from './check-text.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { dialectOf, NOW_MS } from '../storage/connection/dialect.js';
import { LiveCallback, LiveCallbackDelivery } from '../storage/entities/index.js';

/** Why callbacks are closed unhandled, and who says so. */
export interface DiscardReason {
  /** For those who read the audit log later, 1 to 500 characters. */
  reason: string;
  /** Person or program that asked, 1 to 190 characters. */
  actor: string;
  /**
   * Ids of the listeners whose deliveries are closed, the pending ones too: for a listener that does
   * not exist any more. Default: the dead letters of all listeners, and the callback itself where it
   * is unknown or quarantined.
   */
  listeners?: readonly string[];
}

/** Closes what will never succeed, so that it counts as reviewed. */
@Injectable()
export class CallbackDiscarder {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** @throws AuditRequestError for a reason, actor or listener that cannot be */
  check({ listeners = [], ...why }: DiscardReason): void {
    checkReason(why);
    if (Array.isArray(listeners) && listeners.every((id) => typeof id === 'string' && id !== '')) {
      return;
    }
    throw new AuditRequestError('listeners must be a list of ids of listeners');
  }

  /** @returns how many of these callbacks had something to close */
  discard(ids: readonly string[], why: DiscardReason): Promise<number> {
    return this.close(ids, why, { reviewedAt: () => this.now });
  }

  /** As {@link discard}, but nobody has looked at them, so their age counts on. */
  expire(ids: readonly string[], why: DiscardReason): Promise<number> {
    return this.close(ids, why, {});
  }

  private async close(
    ids: readonly string[],
    { reason, actor, listeners }: DiscardReason,
    review: object,
  ): Promise<number> {
    if (ids.length === 0) return 0;
    const { dataSource } = this.database;
    const { name: registration } = this.config;
    const callbacks = dataSource.getRepository(LiveCallback);
    const deliveries = dataSource.getRepository(LiveCallbackDelivery);
    const open = {
      registration,
      callbackId: In([...ids]),
      ...(listeners
        ? { listener: In([...listeners]), state: In(['pending', 'dead']) }
        : { state: 'dead' as const }),
    };
    const found = await deliveries.find({
      where: open,
      select: { callbackId: true, listener: true },
    });
    const strange = listeners
      ? []
      : await callbacks.find({
          where: { registration, id: In([...ids]), state: In(['unknown', 'quarantined']) },
          select: { id: true },
        });
    const closing = new Set([...found.map((it) => it.callbackId), ...strange.map((it) => it.id)]);
    if (closing.size === 0) return 0;
    // Who and why first: should it be cut off here, the same may be asked again.
    await callbacks
      .createQueryBuilder()
      .update()
      .set({
        ...review,
        discardedAt: () => this.now,
        discardReason: reason,
        discardActor: actor,
        ...(listeners
          ? {}
          : { state: () => "CASE WHEN state = 'accepted' THEN state ELSE 'discarded' END" }),
      })
      .where({ id: In([...closing]) })
      .execute();
    if (found.length === 0) return closing.size;
    await deliveries
      .createQueryBuilder()
      .update()
      .set({
        state: 'discarded',
        // A run that is going on has lost its lease with this.
        fence: () => 'fence + 1',
        leaseOwner: null,
        leaseUntil: null,
        nextAttemptAt: null,
        finishedAt: () => `coalesce(finishedAt, ${this.now})`,
      })
      .where(open)
      .execute();
    return closing.size;
  }

  private get now(): string {
    return NOW_MS[dialectOf(this.database.dataSource)];
  }
}
