import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { ListenerHoldStore, type HeldListener } from '../storage/listener-hold.store.js';
import type { AttemptResult } from './attempt.result.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import type { DispatchObserver } from './dispatch.observer.js';
import { HandOver } from './hand-over.js';
import type { HeldDelivery } from './held-delivery.js';
import { ListenerGate } from './listener.gate.js';
import { BREAKER_DEFAULTS } from './listeners/listener.options.js';
import { ListenerRegistry } from './listeners/listener.registry.js';

/** How long recording the outcome of a trial may take, ms. */
const RECORDING_MS = 10_000;

/**
 * Holds up a listener that fails at whatever it gets, on all nodes, and tries one event from time to time:
 * the oldest that is due, by the first node that asks. A success, of the trial or of what ran already, lets
 * the listener go on.
 */
@Injectable()
export class CircuitBreakers implements DispatchObserver {
  private readonly logger = new Logger('LiveCallback');
  /** Failures in a row here, by listener. */
  private readonly failures = new Map<string, number>();
  /** Listeners whose breaker is being opened or closed; what ends meanwhile changes nothing. */
  private readonly changing = new Set<string>();

  constructor(
    private readonly store: ListenerHoldStore,
    private readonly gate: ListenerGate,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly handOver: HandOver,
    private readonly registry: ListenerRegistry,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** To be called where this process runs listeners. */
  start(): void {
    this.dispatcher.observe(this);
    this.gate.observe((held) => this.probeAll(held));
  }

  attempted(delivery: HeldDelivery, { state, error, isRefused }: AttemptResult): void {
    const { listener, to } = delivery;
    if (!this.isOpen(listener) && !to.options.circuitBreaker) return;
    if (state === 'done') this.succeeded(listener);
    else if (!isRefused) this.failed(listener, error ?? '');
  }

  private succeeded(listener: string): void {
    this.failures.delete(listener);
    if (!this.isOpen(listener)) return;
    this.change(listener, async () => {
      await this.store.close(listener);
      this.logger.log(`The circuit breaker of ${listener} closes: an attempt has succeeded.`);
    });
  }

  private failed(listener: string, error: string): void {
    const { failures, pauseMs } = this.optionsOf(listener);
    const count = (this.failures.get(listener) ?? 0) + 1;
    this.failures.set(listener, count);
    const isTrial = this.isOpen(listener);
    if (!isTrial && count !== failures) return;
    this.failures.delete(listener);
    this.change(listener, async () => {
      await this.store.open(listener, error, pauseMs);
      if (isTrial) return;
      this.logger.error(
        `The circuit breaker of ${listener} opens after ${count} failures in a row; one event is tried in ${pauseMs} ms: ${error}`,
      );
    });
  }

  private async probeAll(held: readonly HeldListener[]): Promise<void> {
    for (const { row, isProbeDue } of held) {
      if (isProbeDue && this.registry.get(row.listener)) await this.probe(row.listener);
    }
  }

  private async probe(listener: string): Promise<void> {
    const { pauseMs } = this.optionsOf(listener);
    const { timeoutMs = 0 } = this.registry.get(listener)?.options ?? {};
    if (!(await this.store.takeProbe(listener, timeoutMs + RECORDING_MS + pauseMs))) return;
    const among = { registration: this.config.name, listeners: [listener] };
    const { claimed } = await this.handOver.claim(among, 1);
    if (claimed.length === 0) await this.store.giveBackProbe(listener);
  }

  private optionsOf(listener: string) {
    return this.registry.get(listener)?.options.circuitBreaker ?? BREAKER_DEFAULTS;
  }

  private isOpen(listener: string): boolean {
    return this.gate.held.get(listener)?.row.openedAt != null;
  }

  /** What cannot be kept is tried again after as many failures, or the next success. */
  private change(listener: string, work: () => Promise<void>): void {
    if (this.changing.has(listener)) return;
    this.changing.add(listener);
    work()
      .then(() => this.gate.read())
      .catch((error: unknown) => {
        this.logger.error(
          `The circuit breaker of ${listener} could not be changed: ${errorText(error)}`,
        );
      })
      .finally(() => this.changing.delete(listener));
  }
}
