import {
  CssEmulator,
  TemplateStore,
  VirtualClock,
  type CallbackAttempt,
  type CloudApiServer,
} from '../../src/emulator/index.js';
import {
  LiveCallbackAuditService,
  type CallbackDetail,
  type LiveCallbackModuleOptions,
  type LiveEvent,
} from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { whenListenersDone } from '../../src/testing/index.js';
import { scratchApi } from '../emulator/api-support.js';
import { onTestFinished } from '../support/current-test.js';
import type { AdapterName, Host } from '../support/application.js';
import { EventRecorder } from '../support/event-recorder.js';
import { freePort } from '../support/free-port.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** How long the emulated cloud takes to let a change of the account affect callbacks. */
export const PROPAGATION = 10 * MINUTE;

/** Both sides of the emulated cloud, on one virtual clock. */
export interface EmulatedCloud {
  readonly clock: VirtualClock;
  readonly now: () => number;
  readonly emulator: CssEmulator;
  readonly api: CloudApiServer;
}

export async function emulatedCloud(): Promise<EmulatedCloud> {
  // A whole second, because that is how the API shows times.
  const clock = new VirtualClock({ startAt: Math.floor(Date.now() / SECOND) * SECOND });
  const now = () => clock.now();
  const templates = new TemplateStore(now);
  templates.switches.propagationMs = PROPAGATION;
  const emulator = new CssEmulator({ directory: templates, clock });
  onTestFinished(() => emulator.close());
  const api = await scratchApi({ templates, history: emulator, now });
  return { clock, now, emulator, api };
}

/** An application with the module, which may go and come back, with the same database and address. */
export interface Receiver {
  /** Of the module's routes. */
  readonly baseUrl: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What is stored, oldest first. */
  rows(): Promise<CallbackDetail[]>;
  /** What the listener has been given, by all runs of the application. */
  events(): Promise<readonly LiveEvent[]>;
  /** Reasons of what was refused. */
  refusals(): Promise<string[]>;
  readonly host: Host;
}

export async function startReceiver(
  options: Partial<LiveCallbackModuleOptions> & { path: string },
  adapter: AdapterName = 'fastify',
): Promise<Receiver> {
  const database = await scratchDatabase();
  const port = await freePort();
  const seenBefore: LiveEvent[] = [];
  let host: Host;
  const audit = () => host.app.get(LiveCallbackAuditService, { strict: false });
  const eventsOfRun = async () => {
    await whenListenersDone(host.app);
    return host.app.get(EventRecorder).events;
  };
  const receiver: Receiver = {
    baseUrl: `http://127.0.0.1:${port}/${options.path}`,
    async start() {
      const module = { providers: [EventRecorder] };
      host = await scratchHost({ database, port, adapter, options, module });
    },
    async stop() {
      seenBefore.push(...(await eventsOfRun()));
      await host.close();
    },
    async rows() {
      const rows: CallbackDetail[] = [];
      for await (const { id } of audit().iterate()) {
        const row = await audit().get(id);
        if (row) rows.unshift(row);
      }
      return rows;
    },
    events: async () => [...seenBefore, ...(await eventsOfRun())],
    async refusals() {
      await host.app.get(RejectionRecorder, { strict: false }).flush();
      return (await audit().rejections()).items.map(({ reason }) => reason);
    },
    get host() {
      return host;
    },
  };
  await receiver.start();
  return receiver;
}

/** The attempts of each callback, in the order in which the callbacks were first sent. */
export function byCallback(attempts: readonly CallbackAttempt[]): CallbackAttempt[][] {
  const grouped = new Map<string, CallbackAttempt[]>();
  for (const attempt of attempts.toSorted((one, other) => one.at - other.at)) {
    grouped.set(attempt.callbackId, [...(grouped.get(attempt.callbackId) ?? []), attempt]);
  }
  return [...grouped.values()];
}

/** Whether the receiver has stored what an attempt brought; the answer may have been lost. */
export function hasArrived({ status, error }: CallbackAttempt): boolean {
  return status === 200 || error === 'no answer within 20000 ms';
}
