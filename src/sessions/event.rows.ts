import type { EntityManager } from 'typeorm';

import { LiveCallback, LiveCallbackDelivery } from '../storage/entities/index.js';
import type { NewDelivery } from '../storage/sql/callback.writer.js';

/** The row of an event that no request has brought. */
export type EventRow = Pick<
  LiveCallback,
  | 'id'
  | 'registration'
  | 'kind'
  | 'state'
  | 'origin'
  | 'appId'
  | 'domain'
  | 'path'
  | 'streamName'
  | 'occurredAt'
  | 'receivedAt'
  | 'lastReceivedAt'
  | 'receiptsCount'
  | 'conflicting'
  | 'contentDigest'
  | 'identityDigest'
  | 'body'
  | 'bodyEncoding'
> &
  Partial<Pick<LiveCallback, 'eventType' | 'sequence'>>;

/** An event that is written, for when its transaction is committed. */
export interface WrittenEvent {
  readonly row: EventRow;
  readonly deliveries: readonly NewDelivery[];
}

/** Writes events beside those that CSS sends: rows of the same tables, which the same listeners, retries and replays work on. */
export async function insertEvents(
  manager: EntityManager,
  events: readonly WrittenEvent[],
): Promise<void> {
  const insert = async (into: typeof LiveCallback | typeof LiveCallbackDelivery, rows: object[]) =>
    rows.length > 0 &&
    manager.createQueryBuilder().insert().into(into).values(rows).updateEntity(false).execute();
  await insert(
    LiveCallback,
    events.map(({ row }) => row),
  );
  await insert(
    LiveCallbackDelivery,
    events.flatMap(({ row, deliveries }) =>
      deliveries.map((delivery) => toRow(delivery, row.registration)),
    ),
  );
}

/** Nobody holds it: it is taken over from the table. */
function toRow({ callbackId, listener, orderingKey }: NewDelivery, registration: string) {
  const counts = { attempts: 0, attemptsBefore: 0, fence: 1 };
  return { callbackId, listener, registration, orderingKey, state: 'pending', ...counts };
}
