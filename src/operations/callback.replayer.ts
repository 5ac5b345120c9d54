import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';

import { OrderingKeyTaker } from '../delivery/ordering-key.taker.js';
import { ListenerRegistry } from '../delivery/listeners/listener.registry.js';
import type { ReplayedDelivery } from './audit-row.js';
import { AuditRequestError } from './audit-request.error.js';
import { BodyPurgedError } from './body-purged.error.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { checkReason } from './check-text.js';
import {
  LiveCallback,
  LiveCallbackDelivery,
  type DeliveryState,
} from '../storage/entities/index.js';
import { dialectOf, NOW_MS } from '../storage/connection/dialect.js';
import { deliveriesOf } from '../storage/new-deliveries.js';

/** Why deliveries are to be run again, and who says so. */
export interface ReplayReason {
  /** For those who read the audit log later, 1 to 500 characters. */
  reason: string;
  /** Person or program that asked, 1 to 190 characters. */
  actor: string;
  /** Ids of the listeners. Default: all that have had the callback and do not wait for it now. */
  listeners?: readonly string[];
}

/** What a delivery can be opened again from. */
const CLOSED: DeliveryState[] = ['done', 'dead', 'discarded', 'superseded'];

/** Opens deliveries again that were closed. Deduplication has no part in it. */
@Injectable()
export class CallbackReplayer {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly registry: ListenerRegistry,
    private readonly taker: OrderingKeyTaker,
  ) {}

  /** @throws AuditRequestError for a reason, actor or listener that cannot be */
  check({ listeners, ...why }: ReplayReason): void {
    checkReason(why);
    if (listeners === undefined) return;
    if (!Array.isArray(listeners) || listeners.some((id) => !this.registry.get(id as string))) {
      throw new AuditRequestError('listeners must be a list of ids of listeners that exist');
    }
  }

  /**
   * Opens the deliveries of one callback again; those that are open stay as they are.
   *
   * @throws BodyPurgedError when its body was purged: there is nothing to run a listener on
   */
  async replay(callback: LiveCallback, why: ReplayReason): Promise<ReplayedDelivery[]> {
    const { dataSource } = this.database;
    const repository = dataSource.getRepository(LiveCallbackDelivery);
    await this.touch(callback);
    const wanted = why.listeners ? { listener: In([...why.listeners]) } : {};
    const rows = await repository.findBy({
      callbackId: callback.id,
      state: In(CLOSED),
      ...wanted,
    });
    const marks = {
      replayedAt: () => NOW_MS[dialectOf(dataSource)],
      replayReason: why.reason,
      replayActor: why.actor,
    };
    const replayed: ReplayedDelivery[] = [];
    for (const { callbackId, listener, fence, attempts } of rows) {
      const { affected } = await repository
        .createQueryBuilder()
        .update()
        .set({
          ...marks,
          state: 'pending',
          fence: () => 'fence + 1',
          attemptsBefore: () => 'attempts',
          nextAttemptAt: null,
          finishedAt: null,
        })
        .where({ callbackId, listener, fence, state: In(CLOSED) })
        .execute();
      if (affected === 1) replayed.push({ callbackId, listener, attempt: attempts + 1 });
    }
    replayed.push(...(await this.addMissing(callback, why, marks)));
    this.taker.wake(await repository.findBy({ callbackId: callback.id, state: 'pending' }));
    return replayed;
  }

  /** First of all: from here on no purge takes the body, which its deliveries will need. */
  private async touch({ id }: LiveCallback): Promise<void> {
    const { dataSource } = this.database;
    const { affected } = await dataSource
      .createQueryBuilder()
      .update(LiveCallback)
      .set({ reviewedAt: () => NOW_MS[dialectOf(dataSource)] })
      .where({ id })
      // Not as IS NULL: MySQL would lock by the index of bodies, and a purge by the primary key.
      .andWhere('coalesce(bodyPurgedAt, 0) = 0')
      .execute();
    if (affected === 1) return;
    throw new BodyPurgedError(
      'the body of this callback was purged, so there is nothing to run a listener on',
    );
  }

  /** Listeners that are named and have never had the callback get a row of their own. */
  private async addMissing(
    callback: LiveCallback,
    { listeners = [] }: ReplayReason,
    marks: object,
  ): Promise<ReplayedDelivery[]> {
    const repository = this.database.dataSource.getRepository(LiveCallbackDelivery);
    const known = await repository.findBy({ callbackId: callback.id });
    // A callback that does not fit reaches nobody, and another kind's listener would not know it.
    const { kind, state } = callback;
    const matching =
      state === 'quarantined' || state === 'discarded'
        ? []
        : state === 'reconciled'
          ? this.registry.matchingReconciled(kind)
          : this.registry.matching(kind);
    const missing = [...new Set(listeners)].flatMap((id) => {
      const listener = matching.find((it) => it.id === id);
      return listener && !known.some((row) => row.listener === id) ? [listener] : [];
    });
    const { id, registration, domain, path, streamName: name, appId } = callback;
    const stream = { appId, domain, path, name };
    for (const row of deliveriesOf(id, registration, stream, missing)) {
      await repository
        .createQueryBuilder()
        .insert()
        .values({
          ...marks,
          ...row,
          registration,
          state: 'pending',
          attempts: 0,
          attemptsBefore: 0,
          fence: 1,
        })
        .orIgnore()
        .execute();
    }
    return missing.map((listener) => ({ callbackId: id, listener: listener.id, attempt: 1 }));
  }
}
