import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { StreamControl } from '../stream.control.js';
import type { StreamHistory } from '../stream.history.js';
import { CloudFault } from '../templates/cloud.fault.js';
import { TemplateStore } from '../templates/template.store.js';
import { ADMIN_PREFIX, AdminRoutes } from './admin.routes.js';
import { errorEnvelope, sendEnvelope, sendFault } from './api.answer.js';
import { ApiDispatcher, type Dispatched } from './api.dispatcher.js';
import { checkAction, checkFault, type ApiFault } from './api.fault.js';
import { readRequest } from './api.request.js';
import { CloudMemory, type MemoryDelays } from './cloud.memory.js';
import { EDITIONS, type Edition } from './edition.js';
import { readActions } from './read.actions.js';
import type { LoggedRequest } from './request.log.js';
import { ruleActions } from './rule.actions.js';
import { stopActions } from './stop.actions.js';
import { templateActions } from './template.actions.js';
import type { ApiCredential } from './tc3.verifier.js';

/** Key pair of the emulated account, unless another is given. It opens nothing else. */
export const EMULATOR_CREDENTIAL: ApiCredential = Object.freeze({
  secretId: 'AKIDEMULATOR0001',
  secretKey: 'EmulatorSecretKey0001',
});

/** How a {@link CloudApiServer} answers. */
export interface CloudApiServerOptions {
  /** Address to listen on. Default: 127.0.0.1. */
  host?: string;
  /** Port to listen on. Default: 0, a free one. */
  port?: number;
  /** Key pairs that may call. Default: {@link EMULATOR_CREDENTIAL}. */
  credentials?: readonly ApiCredential[];
  /** The account. Default: an empty one. */
  templates?: TemplateStore;
  /** What the read actions answer from, and `DropLiveStream` stops. Default: nothing has happened. */
  history?: StreamHistory & Partial<StreamControl>;
  /** Time of the emulated world, Unix milliseconds. Default: `Date.now`. */
  now?: () => number;
  /**
   * Time against which `X-TC-Timestamp` is checked, Unix milliseconds: clients sign with the time of
   * the machine, whatever `now` says. Default: `Date.now`.
   */
  requestNow?: () => number;
  /**
   * Whether a signature must be for the service `live`. The official SDK signs for the first label of
   * the endpoint, which an IP address spoils. Default: false.
   */
  strictService?: boolean;
  /** Whether calls need no signature. Default: false. */
  unsigned?: boolean;
  /** Which actions there are, and their limits. Default: `mainland`. */
  edition?: Edition;
  /** How late the read actions know of what happens. Default: at once. */
  delays?: MemoryDelays;
  /** Draws which calls a fault with a `rate` strikes. Default: 1. */
  seed?: number;
  /** What `PUT /_emulator/trigger` does with the event that it is sent. Default: the route is off. */
  trigger?: (event: unknown) => unknown;
}

const NOTHING_HAPPENED: StreamHistory & StreamControl = {
  sessions: () => [],
  attempts: () => [],
  streams: () => [],
};

/**
 * The cloud API of CSS on this machine: callback templates and rules, and the questions about
 * streams, with requests verified as the cloud verifies them.
 *
 * @example
 * ```ts
 * const api = new CloudApiServer();
 * const url = await api.listen();
 * api.fail({ action: 'CreateLiveCallbackTemplate', when: 'after', effect: { drop: true } });
 * ```
 */
export class CloudApiServer {
  readonly templates: TemplateStore;
  private readonly dispatcher: ApiDispatcher;
  private readonly admin: AdminRoutes;
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  private clockOffsetMs = 0;

  constructor(private readonly options: CloudApiServerOptions = {}) {
    const { now = Date.now, requestNow = Date.now, history = NOTHING_HAPPENED } = options;
    const shiftedNow = () => now() + this.clockOffsetMs;
    this.templates = options.templates ?? new TemplateStore(shiftedNow);
    const edition = EDITIONS[options.edition ?? 'mainland'];
    const memory = new CloudMemory(history, shiftedNow, options.delays ?? {});
    this.dispatcher = new ApiDispatcher({
      actions: {
        ...templateActions(this.templates),
        ...ruleActions(this.templates),
        ...readActions(memory, edition),
        ...stopActions({ streams: () => history.streams?.() ?? [] }),
      },
      credentials: options.credentials ?? [EMULATOR_CREDENTIAL],
      isStrict: options.strictService ?? false,
      isUnsigned: options.unsigned ?? false,
      rates: edition.rates,
      seed: options.seed ?? 1,
      now: shiftedNow,
      requestNow: () => requestNow() + this.clockOffsetMs,
    });
    this.admin = new AdminRoutes(this, options.host, options.trigger);
  }

  /**
   * Starts to listen.
   *
   * @returns the URL
   */
  async listen(): Promise<string> {
    const { host = '127.0.0.1', port = 0 } = this.options;
    this.server.listen(port, host);
    await once(this.server, 'listening');
    return this.url;
  }

  /** The URL; empty while it does not listen. */
  get url(): string {
    const address = this.server.address() as AddressInfo | null;
    if (!address) return '';
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  /** The calls so far, oldest first, secrets masked. */
  get requests(): readonly LoggedRequest[] {
    return this.dispatcher.log.all();
  }

  /**
   * Lets something go wrong.
   *
   * @throws TypeError for a fault that could never strike
   */
  fail(fault: ApiFault): void {
    checkFault(fault, this.dispatcher.actionNames);
    this.dispatcher.faults.add(fault);
  }

  /** Takes back what was to go wrong. */
  clearFaults(): void {
    this.dispatcher.faults.clear();
  }

  /**
   * Calls of an action per second beyond which it is throttled; undefined for as many as documented.
   *
   * @throws TypeError for an action that there is not
   */
  limit(action: string, perSecond: number | undefined): void {
    checkAction(action, this.dispatcher.actionNames);
    this.dispatcher.limiter.set(action, perSecond);
  }

  /** The most calls of an action in one second so far, throttled ones included. */
  peakOf(action: string): number {
    return this.dispatcher.limiter.peakOf(action);
  }

  /**
   * Moves the clock of the API away from that of the machine, ms.
   *
   * @throws TypeError
   */
  shiftClock(offsetMs: number): void {
    if (!Number.isFinite(offsetMs)) throw new TypeError('offsetMs must be a number.');
    this.clockOffsetMs = offsetMs;
  }

  /** Empties the account, the log, and what was to go wrong. */
  wipe(): void {
    this.templates.wipe();
    this.dispatcher.log.clear();
    this.dispatcher.faults.clear();
    this.dispatcher.limiter.clear();
    this.clockOffsetMs = 0;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/\?.*/s, '');
    if (path.startsWith(ADMIN_PREFIX)) return this.admin.answer(path, request, response);
    if (path !== '/') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The API is at /.\n');
      return;
    }
    const traceId = request.headers['x-tc-traceid'];
    if (typeof traceId === 'string') response.setHeader('x-tc-traceid', traceId);
    const { envelope, effect, requestId } = await this.dispatched(request);
    if (effect) await sendFault(response, effect, envelope, requestId);
    else sendEnvelope(response, envelope);
  }

  private async dispatched(incoming: IncomingMessage): Promise<Dispatched> {
    try {
      return await this.dispatcher.dispatch(await readRequest(incoming));
    } catch (error) {
      if (!(error instanceof CloudFault)) throw error;
      const requestId = randomUUID();
      return {
        requestId,
        effect: undefined,
        envelope: errorEnvelope(error.cloudCode, error.message, requestId),
      };
    }
  }
}
