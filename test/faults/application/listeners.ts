import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { OnLiveEvent, type LiveEvent, type LiveEventContext } from '../../../src/index.js';
import { FaultEffect } from './entities.js';
import { Journal } from './journal.js';
import { reach } from './kill-points.js';

/** Enough for every event to succeed in the end, whatever happens to its first attempts. */
const PATIENT = { backoffMs: 50, attempts: 100 } as const;

/** The listeners of the harness. All of them end well, some of them not at once. */
@Injectable()
export class FaultListeners {
  constructor(private readonly journal: Journal) {}

  /** Every event, in the order of its stream; one of 20 fails at first. */
  @OnLiveEvent('*', { id: 'plain', ...PATIENT })
  onEvent(event: LiveEvent): Promise<void> {
    return this.journal.witness('plain', event, async () => {
      reach('listening');
      await sleep(Math.random() * 3);
      failAtFirst(event, 20);
    });
  }

  /** Writes in the transaction that completes its delivery; one of 25 fails after it has written. */
  @OnLiveEvent('stream-push', { id: 'transactional', ...PATIENT, transactional: true })
  onPush(event: LiveEvent, { manager }: LiveEventContext): Promise<void> {
    return this.journal.witness('transactional', event, async () => {
      await manager.insert(FaultEffect, { callbackId: event.id });
      reach('in transaction');
      failAtFirst(event, 25);
    });
  }

  /** Takes its time, in any order; one of 10 hangs at first, and is timed out. */
  @OnLiveEvent('record-file', { id: 'slow', ...PATIENT, order: 'none', timeoutMs: 500 })
  onRecord(event: LiveEvent, { signal }: LiveEventContext): Promise<void> {
    return this.journal.witness('slow', event, async () => {
      const hangs = event.attempt === 1 && isOneOf(event, 10);
      await sleep(hangs ? 60_000 : 20 + Math.random() * 100, undefined, { signal });
    });
  }
}

function failAtFirst(event: LiveEvent, share: number): void {
  if (event.attempt === 1 && isOneOf(event, share)) throw new Error('on purpose');
}

/** The same events in every life of the process. The end of an id is random. */
function isOneOf({ id }: LiveEvent, share: number): boolean {
  return Number.parseInt(id.slice(-6), 16) % share === 0;
}
