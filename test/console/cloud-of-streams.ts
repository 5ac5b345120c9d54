import type { DynamicModule } from '@nestjs/common';

import { LiveCallbackReconciliationModule } from '../../src/cloud/index.js';
import { MANUAL_PACE } from '../../src/cloud/reconciliation/reconciliation.options.js';
import {
  CloudApiServer,
  EMULATOR_CREDENTIAL,
  type EmulatedSession,
} from '../../src/emulator/index.js';

/** A cloud that knows of pushes of which no callback came. */
export interface CloudOfStreams {
  readonly module: DynamicModule;
  /** Pushes that it knows of. */
  readonly sessions: EmulatedSession[];
  readonly api: CloudApiServer;
  readonly close: () => Promise<void>;
}

/** One push is live there, and one is over. */
export async function openCloudOfStreams(): Promise<CloudOfStreams> {
  const sessions = [pushOf('backstage', 1_700, null), pushOf('rehearsal', 5_400, 3_600)];
  const api = new CloudApiServer({
    history: { sessions: () => sessions, attempts: () => [] },
  });
  return {
    module: LiveCallbackReconciliationModule.register({
      domains: ['push.example.com'],
      endpoint: await api.listen(),
      credentials: EMULATOR_CREDENTIAL,
      edition: 'mainland',
      // A test makes the cycles.
      [MANUAL_PACE]: { now: Date.now, sleep: () => Promise.resolve() },
    }),
    sessions,
    api,
    close: () => api.close(),
  };
}

/** @param ago when it began, and when it ended, seconds ago */
export function pushOf(streamName: string, ago: number, endedAgo: number | null): EmulatedSession {
  const at = (seconds: number) => Math.floor(Date.now() / 1_000 - seconds) * 1_000;
  return {
    appId: 12_345_678,
    domain: 'push.example.com',
    appName: 'live',
    streamName,
    sequence: `70035000000000010${streamName.length}`,
    backup: false,
    startedAt: at(ago),
    endedAt: endedAgo === null ? null : at(endedAgo),
    clientIp: '198.51.100.7',
    serverIp: '203.0.113.9',
    streamParam: '',
    width: 1_280,
    height: 720,
    errcode: endedAgo === null ? null : 1,
    errmsg: endedAgo === null ? null : 'recv rtmp deleteStream',
  };
}
