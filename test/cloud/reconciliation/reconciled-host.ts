import { setTimeout as sleep } from 'node:timers/promises';

import type { Provider } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import {
  LiveCallbackReconciliation,
  LiveCallbackReconciliationModule,
  type ReconciliationModuleOptions,
} from '../../../src/cloud/index.js';
import { MANUAL_PACE } from '../../../src/cloud/reconciliation/reconciliation.options.js';
import {
  CssEmulator,
  EMULATOR_CREDENTIAL,
  fixedTarget,
  VirtualClock,
  type CloudApiServerOptions,
  type CssEmulatorOptions,
  type StreamHistory,
} from '../../../src/emulator/index.js';
import {
  LiveCallbackAuditService,
  LiveSessions,
  type LiveCallbackModuleOptions,
  type SessionDetail,
} from '../../../src/index.js';
import { whenListenersDone } from '../../../src/testing/index.js';
import { scratchApi } from '../../emulator/api-support.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { KEY, startHost } from '../../support/application.js';
import { onTestFinished } from '../../support/current-test.js';

export const DOMAIN = 'push.example.com';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface ReconciledOptions {
  database: DataSourceOptions;
  server?: CloudApiServerOptions;
  emulator?: Partial<CssEmulatorOptions>;
  reconciliation?: Partial<ReconciliationModuleOptions>;
  options?: Partial<LiveCallbackModuleOptions>;
  providers?: Provider[];
}

/**
 * An application that is called by the emulated cloud and compares itself with it, all by one virtual clock: some
 * days ago, so that the database has no doubt about what is over.
 */
export async function startReconciled(given: ReconciledOptions) {
  const startAt = Math.floor(Date.now() / MINUTE) * MINUTE - 4 * 24 * HOUR;
  const clock = new VirtualClock({ startAt, patienceMs: 30_000 });
  const now = () => clock.now();
  let url = 'http://127.0.0.1:9/live-callback';
  const directory = {
    targetOf: (domain: string, path: string) =>
      fixedTarget({ key: KEY, baseUrl: url }).targetOf(domain, path),
  };
  const emulator = new CssEmulator({
    directory,
    clock,
    historyLimit: 100_000,
    ...given.emulator,
  });
  const world = { isAmnesic: false };
  const history: StreamHistory = {
    sessions: () => (world.isAmnesic ? [] : emulator.sessions()),
    attempts: () => emulator.attempts(),
  };
  const server = await scratchApi({ history, now, ...given.server });
  const host = await startHost({
    database: given.database,
    options: { clock: now, sessions: {}, ...given.options },
    module: {
      imports: [
        LiveCallbackReconciliationModule.register({
          domains: [DOMAIN],
          endpoint: server.url,
          credentials: EMULATOR_CREDENTIAL,
          edition: given.server?.edition ?? 'mainland',
          [MANUAL_PACE]: { now, sleep: (ms: number) => clock.advance(ms) },
          ...given.reconciliation,
        }),
      ],
      providers: [EventRecorder, ...(given.providers ?? [])],
    },
  });
  url = `${host.url}/live-callback`;
  const reconciliation = host.app.get(LiveCallbackReconciliation, { strict: false });
  const sessions = host.app.get(LiveSessions, { strict: false });
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  onTestFinished(async () => {
    await emulator.close();
    await host.close();
  });

  /** Lets time pass, with a cycle every minute. */
  const pass = async (ms: number) => {
    const end = clock.now() + ms;
    while (clock.now() < end) {
      const next = Math.min(end, (Math.floor(clock.now() / MINUTE) + 1) * MINUTE);
      await clock.advance(next - clock.now());
      // Real time is what callbacks take into sessions, of which the virtual minutes leave little.
      await whenListenersDone(host.app);
      await reconciliation.cycle();
    }
    await whenListenersDone(host.app);
  };
  const of = async (name: string): Promise<SessionDetail | null> =>
    sessions.of({ domain: DOMAIN, path: 'live', name });
  const parts = { clock, emulator, server, host, reconciliation, sessions, audit, pass, of };
  /** `isAmnesic`: the cloud has forgotten every stream. */
  return Object.assign(world, parts);
}

export type Reconciled = Awaited<ReturnType<typeof startReconciled>>;

/**
 * Sessions as text: when each push of each session began and ended, in whole seconds.
 *
 * @param isExact otherwise an inferred beginning may be a second early: it is `push_duration` before an
 *   `event_time` that has lost its fraction of a second. Default: true
 */
export async function knownSessions(live: Reconciled, isExact = true): Promise<string[]> {
  const { sessions, host } = live;
  await whenListenersDone(host.app);
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await sessions.find({}, { limit: 100, ...(cursor !== undefined && { cursor }) });
    for (const { id } of page.items) {
      const { stream, pushes } = (await sessions.get(id))!;
      const name = stream.name ?? '';
      found.push(lineOf(name, isExact ? pushes : withTrueSeconds(live, name, pushes)));
    }
    if (page.nextCursor === null) return found.toSorted();
    cursor = page.nextCursor;
    await sleep(0);
  }
}

function withTrueSeconds(
  { emulator }: Reconciled,
  name: string,
  pushes: SessionDetail['pushes'],
): SessionDetail['pushes'] {
  const ofStream = emulator.sessions().filter(({ streamName }) => streamName === name);
  const begins = new Set(ofStream.map(({ startedAt }) => +whole(startedAt)));
  return pushes.map((push) => {
    const next = +whole(+push.startedAt) + 1000;
    const isEarly = push.startedBy === 'inferred' && begins.has(next) && !begins.has(next - 1000);
    return isEarly ? { ...push, startedAt: new Date(next) } : push;
  });
}

/** The same, of what has happened. */
export function trueSessions({ emulator }: Reconciled, windowMs = MINUTE): string[] {
  const byStream = new Map<string, { startedAt: Date; endedAt: Date | null }[]>();
  for (const { streamName, startedAt, endedAt } of emulator.sessions()) {
    const push = { startedAt: whole(startedAt), endedAt: endedAt === null ? null : whole(endedAt) };
    byStream.set(streamName, [...(byStream.get(streamName) ?? []), push]);
  }
  return [...byStream]
    .flatMap(([name, pushes]) => {
      const groups: (typeof pushes)[] = [];
      let until = -Infinity;
      for (const push of pushes.toSorted((a, b) => +a.startedAt - +b.startedAt)) {
        if (+push.startedAt > until) groups.push([]);
        groups.at(-1)!.push(push);
        until = Math.max(until, push.endedAt === null ? Infinity : +push.endedAt + windowMs);
      }
      return groups.map((group) => lineOf(name, group));
    })
    .toSorted();
}

function lineOf(
  name: string,
  pushes: readonly { startedAt: Date; endedAt: Date | null }[],
): string {
  const times = pushes.map(({ startedAt, endedAt }) => {
    return `${whole(+startedAt).toISOString()}–${endedAt === null ? '' : whole(+endedAt).toISOString()}`;
  });
  return `${name} ${times.toSorted().join(' ')}`;
}

function whole(time: number): Date {
  return new Date(Math.floor(time / 1000) * 1000);
}
