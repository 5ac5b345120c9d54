import type { LiveCallback, LiveCallbackDelivery } from '../storage/entities/index.js';
import type {
  CallbackDetail,
  CallbackDiscard,
  CallbackErased,
  CallbackReveal,
  CallbackRow,
  DeliveryRow,
} from './audit-row.js';

/** The columns of {@link CallbackRow}: everything but the large ones. */
export const ROW_PROPERTIES = [
  'id',
  'kind',
  'eventType',
  'state',
  'origin',
  'appId',
  'domain',
  'path',
  'streamName',
  'sequence',
  'occurredAt',
  'receivedAt',
  'conflicting',
  'receiptsCount',
] as const satisfies readonly (keyof LiveCallback)[];

/** Shapes an entity into a row. */
export function toRow(callback: Pick<LiveCallback, (typeof ROW_PROPERTIES)[number]>): CallbackRow {
  const { appId, domain, path, streamName, ...rest } = callback;
  return {
    id: rest.id,
    kind: rest.kind,
    eventType: rest.eventType,
    state: rest.state,
    origin: rest.origin,
    stream: { appId, domain, path, name: streamName },
    sequence: rest.sequence,
    occurredAt: rest.occurredAt,
    receivedAt: rest.receivedAt,
    conflicting: rest.conflicting,
    receiptsCount: rest.receiptsCount,
  };
}

/** Shapes an entity with its deliveries into an answer; `data` is its typed view. */
export function toDetail(
  callback: LiveCallback,
  data: object | null,
  deliveries: readonly LiveCallbackDelivery[],
): CallbackDetail {
  return {
    ...toRow(callback),
    body: callback.body,
    bodyEncoding: callback.bodyEncoding,
    bodyPurgedAt: callback.bodyPurgedAt,
    data,
    errors: callback.errors ?? [],
    warnings: callback.warnings ?? [],
    remoteAddress: callback.remoteAddress,
    deliveries: deliveries.map(toDeliveryRow),
    discard: discardOf(callback),
    reveal: revealOf(callback),
    erased: erasedOf(callback),
  };
}

function toDeliveryRow(delivery: LiveCallbackDelivery): DeliveryRow {
  const { listener, state, attempts, lastError, nextAttemptAt, durationMs, finishedAt } = delivery;
  const { replayedAt, replayReason, replayActor, attemptsBefore } = delivery;
  return {
    listener,
    state,
    attempts,
    lastError,
    nextAttemptAt,
    durationMs,
    finishedAt,
    replay: replayedAt && {
      at: replayedAt,
      reason: replayReason ?? '',
      actor: replayActor ?? '',
      attemptsBefore,
    },
  };
}

function discardOf({
  discardedAt,
  discardReason,
  discardActor,
}: LiveCallback): CallbackDiscard | null {
  if (discardedAt === null) return null;
  return { at: discardedAt, reason: discardReason ?? '', actor: discardActor ?? '' };
}

function revealOf({ revealedAt, revealActor, revealsCount }: LiveCallback): CallbackReveal | null {
  if (revealedAt === null) return null;
  return { at: revealedAt, actor: revealActor ?? '', count: revealsCount };
}

function erasedOf({ eraseReason, eraseActor }: LiveCallback): CallbackErased | null {
  return eraseActor === null ? null : { reason: eraseReason ?? '', actor: eraseActor };
}
