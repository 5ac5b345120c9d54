import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';

import { MinuteLog } from '../common/minute.log.js';
import { resolveListenerOptions } from '../delivery/listeners/listener.options.js';
import { ListenerRegistry } from '../delivery/listeners/listener.registry.js';
import type { LiveEvent } from '../events/live-event.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { BatchQueue } from '../storage/batch.queue.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { LeaseLostError, type DeliveryLease } from '../storage/delivery.lease.js';
import { completeDeliveries, SESSION_LISTENER } from './session.deliveries.js';
import { EVIDENCE_KINDS, evidenceOf, type PushEvidence } from './push.evidence.js';
import { SessionWriter } from './session.writer.js';

/** Nobody waits for it: what comes within this time shares a transaction. */
const BATCHES = {
  items: 256,
  weight: Infinity,
  waiting: Infinity,
  waitingWeight: Infinity,
  paceMs: 50,
  enough: 128,
  deadlineMs: Infinity,
};

type Evidence = LiveEvent<(typeof EVIDENCE_KINDS)[number]>;

interface Entry {
  readonly lease: DeliveryLease;
  readonly evidence: PushEvidence | null;
}

/**
 * The durable listener that takes pushes and interruptions into sessions: many of them, and the completion
 * of their deliveries, in one transaction, so that each takes effect once. In no order, for none matters.
 */
@Injectable()
export class SessionRecorder implements OnModuleInit {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));
  private readonly queue = new BatchQueue<Entry, boolean>(
    (entries) => this.write(entries),
    BATCHES,
    (error) => this.database.isOpen && this.database.writer.isRowFault(error),
  );

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly database: CallbackDatabase,
    private readonly writer: SessionWriter,
    private readonly config: LiveCallbackConfig,
  ) {}

  onModuleInit(): void {
    if (this.config.sessions === null) return;
    this.registry.add({
      id: SESSION_LISTENER,
      patterns: new Set(EVIDENCE_KINDS),
      options: resolveListenerOptions(SESSION_LISTENER, {
        attempts: Infinity,
        order: 'none',
        concurrency: 2 * BATCHES.items,
      }),
      handle: () => {
        throw new Error('It is recorded, and not handled');
      },
      record: (event, lease) => this.record(event as Evidence, lease),
    });
  }

  /** @throws LeaseLostError, and the database's error */
  private async record(event: Evidence, lease: DeliveryLease): Promise<void> {
    const evidence = evidenceOf(event);
    if (!evidence) {
      this.log.warn(
        'no-sequence',
        () =>
          `A ${event.kind} of the stream ${event.stream.name} has no sequence and takes no part in sessions.`,
      );
    }
    if (!(await this.queue.add({ lease, evidence }))) throw new LeaseLostError();
  }

  /** @returns whether each was still ours */
  private async write(entries: readonly Entry[]): Promise<boolean[]> {
    let held = new Set<string>();
    await this.writer.take({ tells: true }, async (manager) => {
      held = await completeDeliveries(
        manager,
        entries.map(({ lease }) => lease),
      );
      return entries.flatMap(({ lease, evidence }) =>
        evidence && held.has(lease.callbackId) ? [evidence] : [],
      );
    });
    return entries.map(({ lease }) => held.has(lease.callbackId));
  }
}
