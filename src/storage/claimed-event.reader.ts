import { Injectable } from '@nestjs/common';

import { EventInterpreter } from '../events/event-interpreter.js';
import type { LiveEvent } from '../events/live-event.js';
import { parsePayload } from '../events/payload/payload.js';
import { meaningOfSession } from '../events/session-event.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { isSuspect } from './claim-bounds.js';
import { CallbackDatabase } from './connection/callback.database.js';
import type { ClaimedDelivery, LeasedDelivery, OwnLease } from './delivery.lease.js';
import { LiveCallback, type LiveCallbackDelivery } from './entities/index.js';

/** A delivery that was taken over, as its row is since then. */
export type ClaimedRow = LiveCallbackDelivery & Pick<LeasedDelivery, 'isCounted'>;

/** Makes the events anew of deliveries that were taken over from the table. */
@Injectable()
export class ClaimedEventReader {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly interpreter: EventInterpreter,
  ) {}

  /** @param lease what the leases of the rows say */
  async read(rows: readonly ClaimedRow[], lease: OwnLease): Promise<ClaimedDelivery[]> {
    const ids = [...new Set(rows.map(({ callbackId }) => callbackId))];
    if (ids.length === 0) return [];
    const callbacks = await this.database.manager
      .getRepository(LiveCallback)
      .createQueryBuilder('c')
      .where('c.id IN (:...ids)', { ids })
      .getMany();
    const byId = new Map(callbacks.map((callback) => [callback.id, callback]));
    return rows.flatMap((row) => {
      const callback = byId.get(row.callbackId);
      // A purge leaves open deliveries their body.
      if (!callback || callback.body === null) return [];
      return [
        { event: this.eventOf(row, callback, callback.body), delivery: toLeased(row, lease) },
      ];
    });
  }

  private eventOf(
    { attempts: attempt, replayedAt, replayReason, replayActor }: LiveCallbackDelivery,
    callback: LiveCallback,
    body: string,
  ): LiveEvent {
    const payload = parsePayload(body).value;
    const replay =
      replayedAt === null
        ? null
        : { at: replayedAt, reason: replayReason ?? '', actor: replayActor ?? '' };
    const { id, registration, origin, receivedAt, conflicting, traceparent } = callback;
    const row = { id, registration, origin, receivedAt, conflicting, traceparent };
    const mark = callback.state === 'reconciled' ? ({ reconciled: true } as const) : {};
    const meaning =
      origin === 'session'
        ? meaningOfSession(callback.kind, callback.occurredAt, payload)
        : this.interpreter.interpret(payload);
    return toLiveEvent({ ...row, ...mark, attempt, replay }, meaning, payload);
  }
}

function toLeased(row: ClaimedRow, lease: OwnLease): ClaimedDelivery['delivery'] {
  const { callbackId, listener, orderingKey, fence, attempts, isCounted, attemptsBefore } = row;
  return {
    callbackId,
    listener,
    orderingKey,
    ...lease,
    fence,
    attempts,
    isCounted,
    attemptsBefore,
    isSuspect: isSuspect(row),
    hasFailed: row.lastError !== null,
  };
}
