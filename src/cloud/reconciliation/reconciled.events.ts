import { In, type EntityManager } from 'typeorm';

import { IdSource } from '../../common/id.source.js';
import type { ListenerRegistry } from '../../delivery/listeners/listener.registry.js';
import type { OrderingKeyTaker } from '../../delivery/ordering-key.taker.js';
import type { ReconciledOrigin } from '../../events/live-event.js';
import { identityDigest } from '../../events/payload/callback-digest.js';
import { inventedBeginning } from '../../events/push-beginning.js';
import type { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { insertEvents, type WrittenEvent } from '../../sessions/event.rows.js';
import { columnText, ID_LENGTH, NAME_LENGTH } from '../../storage/column-text.js';
import { LiveCallback } from '../../storage/entities/index.js';
import { deliveriesOf } from '../../storage/new-deliveries.js';
import type { Fields } from '../reading/answer.row.js';
import type { CloudStream } from '../reading/cloud.rows.js';

/** What a list of the cloud says happened to a push, and no callback has told; times in Unix milliseconds. */
export interface ReconciledEvent {
  readonly kind: 'stream-push' | 'stream-interrupt';
  readonly stream: CloudStream;
  /** Of CSS, or invented where only lists know of the push. */
  readonly sequence: string;
  readonly at: number;
  /** How long the push lasted; null where nobody has said, and at its beginning. */
  readonly durationMs: number | null;
  /** IP address of the pusher; null where the cloud does not tell it. */
  readonly clientIp: string | null;
  readonly origin: ReconciledOrigin;
  /** What the list holds of it. */
  readonly row: Fields;
}

/**
 * Writes events in place of callbacks that never came, for listeners that want them. Their body is in the form of
 * the callback, so that what reads one reads the other, and holds the row of the list.
 */
export class ReconciledEvents {
  private readonly ids = new IdSource();

  constructor(
    private readonly listeners: ListenerRegistry,
    private readonly taker: OrderingKeyTaker,
    private readonly config: LiveCallbackConfig,
  ) {}

  /**
   * Each once, however often it is found. To be called under the lock of sessions.
   *
   * @returns what {@link handOn} takes after the commit
   */
  async write(manager: EntityManager, events: readonly ReconciledEvent[]): Promise<WrittenEvent[]> {
    if (events.length === 0) return [];
    const written = events.map((event) => this.toWritten(event));
    const digests = written.map(({ row }) => row.contentDigest);
    const found = await manager
      .getRepository(LiveCallback)
      .find({ select: { id: true, contentDigest: true }, where: { contentDigest: In(digests) } });
    const known = new Set(found.map(({ contentDigest }) => contentDigest));
    const news = written.filter(({ row }) => !known.has(row.contentDigest));
    await insertEvents(manager, news);
    return news;
  }

  /** After the commit: listeners need not wait for a poll. Observers have not asked for it. */
  handOn(written: readonly WrittenEvent[]): void {
    this.taker.wake(written.flatMap(({ deliveries }) => deliveries));
  }

  private toWritten(event: ReconciledEvent): WrittenEvent {
    const { name: registration } = this.config;
    const { kind, stream, sequence, at, origin } = event;
    const now = this.config.clock();
    const id = this.ids.next(now);
    const receivedAt = new Date(now);
    // No callback has such a digest: what CSS sends after all is neither known by this nor a variant of it.
    const digest = identityDigest(registration, 'reconciled', [
      kind,
      ...Object.values(stream),
      sequence,
      at,
    ]);
    const listeners = this.listeners.matchingReconciled(kind);
    return {
      row: {
        id,
        registration,
        kind,
        eventType: eventTypeOf(kind),
        state: 'reconciled',
        origin,
        appId: null,
        domain: columnText(stream.domain, NAME_LENGTH),
        path: columnText(stream.path, NAME_LENGTH),
        streamName: columnText(stream.name, NAME_LENGTH),
        sequence: columnText(sequence, ID_LENGTH),
        occurredAt: new Date(at),
        receivedAt,
        lastReceivedAt: receivedAt,
        receiptsCount: 1,
        conflicting: false,
        contentDigest: digest,
        identityDigest: digest,
        body: bodyOf(event),
        bodyEncoding: 'utf8',
      },
      deliveries: deliveriesOf(id, registration, { appId: null, ...stream }, listeners),
    };
  }
}

function eventTypeOf(kind: ReconciledEvent['kind']): number {
  return kind === 'stream-push' ? 1 : 0;
}

function bodyOf(event: ReconciledEvent): string {
  const { kind, stream, sequence, at, durationMs, clientIp, origin, row } = event;
  return JSON.stringify({
    event_type: eventTypeOf(kind),
    app: stream.domain,
    appname: stream.path,
    stream_id: stream.name,
    event_time: Math.floor(at / 1000),
    ...(inventedBeginning(sequence) === null && { sequence }),
    ...(durationMs !== null && { push_duration: String(durationMs) }),
    ...(clientIp !== null && { user_ip: clientIp }),
    reconciled: { origin, row },
  });
}
