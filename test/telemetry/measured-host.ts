import { Injectable, type ModuleMetadata } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import type { ScrapedMetrics } from '../../src/app/metrics.controller.js';
import { emitSignal } from '../../src/common/signals.js';
import { LiveCallbackDriftModule } from '../../src/cloud/index.js';
import { LiveReconciliation, OnLiveEvent } from '../../src/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { LiveCallbackTelemetryModule } from '../../src/telemetry/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host, type StartOptions } from '../support/application.js';
import { fileOf } from '../support/scratch.js';

@Injectable()
class Listeners {
  @OnLiveEvent('stream-push', { id: 'steady' })
  steady(): void {}

  @OnLiveEvent('stream-push', { id: 'broken', attempts: 2, backoffMs: 1 })
  broken(): void {
    throw new Error('never');
  }
}

/** What the account is found to differ in. */
const DRIFT = { isInSync: false, findings: [], blockers: ['somebody else has it'], unreadable: [] };

/** All that can be measured: a spool, and a listener that fails. */
export function measuredModule(
  database: DataSourceOptions,
  { provider: meterProvider }: ScrapedMetrics,
  also: NonNullable<ModuleMetadata['imports']> = [],
): StartOptions {
  return {
    database,
    options: { spool: { path: `${fileOf(database)}.spool` }, sessions: {} },
    module: {
      imports: [
        LiveCallbackTelemetryModule.register({ meterProvider }),
        LiveCallbackDriftModule.register({ templates: { drift: () => Promise.resolve(DRIFT) } }),
        ...also,
      ],
      providers: [Listeners],
    },
  };
}

/** Sends it, and waits for the first attempts of the listeners. */
export async function post(host: Host, callback: object, key = KEY): Promise<void> {
  await host.send(signCallback(callback, { key }));
  await whenListenersDone(host.app);
}

/** A callback, its redelivery, a conflicting one, a refused one; and what rooms tell whose tests say when. */
export async function playEverything(host: Host): Promise<void> {
  const push = streamPushCallback();
  await post(host, push);
  await post(host, push);
  await post(host, { ...push, user_ip: '198.51.100.7' });
  await post(host, push, 'AnotherKeyAltogether');
  const { manager } = host.app.get(CallbackDatabase, { strict: false });
  const compared = { owner: 'another process', aliveAt: new Date(), watermarkAt: new Date() };
  await manager.insert(LiveReconciliation, {
    registration: 'default',
    leaseUntil: new Date(),
    ...compared,
  });
  const session = { domain: null, stream: 'room-7', reason: null, durationMs: null };
  emitSignal('session', () => ({ ...session, event: 'session-resumed' }));
  emitSignal('session', () => ({ ...session, event: 'session-ended', durationMs: 60_000 }));
  emitSignal('corrected', () => ({ what: 'end', source: 'event-list', stream: 'room-7' }));
  emitSignal('asked', () => ({ action: 'DescribeLiveStreamOnlineList', outcome: 'ok' }));
}
