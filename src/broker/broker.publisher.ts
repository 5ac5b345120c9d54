import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { from, fromEvent, lastValueFrom, map, race, type Observable } from 'rxjs';

import { OutageLog } from '../common/outage.log.js';
import { failureText } from './failure-text.js';
import { LiveEventBrokerError } from './live-event-broker.error.js';
import type { BrokerTransport } from './transports/index.js';
import type { BrokerMessage } from './transports/broker.transport.js';

/** Between two attempts to connect, ms. */
const RECONNECT_MS = 1_000;

/** Publishes through one client, and waits for its broker no longer than it is told to. */
export class BrokerPublisher {
  private readonly outage: OutageLog;
  private isStopping = false;

  constructor(
    private readonly client: ClientProxy,
    private readonly transport: BrokerTransport,
    private readonly place: string,
    logger: Logger,
  ) {
    this.outage = new OutageLog(logger);
  }

  /** From now on a closed client stays closed: it would keep the process. */
  stop(): void {
    this.isStopping = true;
  }

  /**
   * Ends when the broker has confirmed.
   *
   * @throws LiveEventBrokerError when it has not, in time or at all
   */
  async publish(message: BrokerMessage, aborted: AbortSignal): Promise<void> {
    const deadline = AbortSignal.timeout(message.timeoutMs);
    const signal = AbortSignal.any([aborted, deadline]);
    await this.connect(signal, deadline);
    try {
      await within(this.transport.publish(this.client, message), signal);
      this.outage.works(() => `${this.transport.name} of ${this.place} is back`);
    } catch (error) {
      const problem = signal.aborted
        ? `did not confirm the event ${reasonOf(deadline, message.timeoutMs)}`
        : `did not take the event: ${failureText(error)}`;
      throw this.error(problem, error);
    }
  }

  /** Tries until the client is connected, so that an outage costs one attempt and no more. */
  async connect(signal: AbortSignal, deadline: AbortSignal = signal): Promise<void> {
    let last: unknown;
    while (!signal.aborted) {
      try {
        await this.tryToConnect(signal);
        return;
      } catch (error) {
        if (!signal.aborted || last === undefined) last = error;
        if (!signal.aborted) this.hasGone(error);
      }
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => {});
    }
    if (deadline.aborted) this.hasGone(last);
    throw this.error(`is away: ${failureText(last)}`, last);
  }

  private async tryToConnect(signal: AbortSignal): Promise<void> {
    if (this.isStopping && !this.isOpen) throw new Error('the application stops');
    const connecting = Promise.resolve(this.client.connect());
    connecting.catch(() => {}); // it may fail when nobody waits any more
    if (this.isOpen) this.transport.watch?.(this.client, (error) => this.hasGone(error));
    await within(from(connecting), signal);
  }

  private get isOpen(): boolean {
    try {
      return Boolean(this.client.unwrap());
    } catch {
      return false; // clients throw before they are connected and after they are closed
    }
  }

  /** Once per outage: the bus logs every event that fails. */
  private hasGone(error: unknown): void {
    if (this.isStopping) return;
    this.outage.failed(
      () =>
        `${this.transport.name} of ${this.place} is away: ${failureText(error)} Events wait in the database and are sent when it is back.`,
    );
  }

  private error(problem: string, cause: unknown): LiveEventBrokerError {
    return new LiveEventBrokerError(`${this.transport.name} of ${this.place} ${problem}`, {
      cause,
    });
  }
}

function reasonOf(deadline: AbortSignal, timeoutMs: number): string {
  return deadline.aborted ? `within ${timeoutMs} ms` : 'before the run was aborted';
}

/** What it ends with; when the signal aborts first it is unsubscribed. */
function within(work: Observable<unknown>, signal: AbortSignal): Promise<unknown> {
  const aborted = fromEvent(signal, 'abort').pipe(
    map(() => {
      throw new Error('no answer');
    }),
  );
  return lastValueFrom(race(work, aborted), { defaultValue: undefined });
}
