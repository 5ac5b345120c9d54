import { Injectable } from '@nestjs/common';

import { LiveCallbackConfig } from '../options/live-callback.config.js';
import type { OrderingKey } from '../storage/delivery.lease.js';
import { LeasePolicy } from '../storage/lease-policy.js';
import { OrderingKeyRunner } from './ordering-key.runner.js';
import { ListenerGate } from './listener.gate.js';
import { InProcessRunner, type DeliveryRunner, type WaitingDelivery } from './delivery.runner.js';

/** Says where the deliveries of newly stored callbacks run: here, on other nodes, or by a queue. */
@Injectable()
export class DeliveryPlacement extends LeasePolicy {
  private runner: DeliveryRunner;

  constructor(
    inProcess: InProcessRunner,
    readonly keys: OrderingKeyRunner,
    private readonly gate: ListenerGate,
    private readonly config: LiveCallbackConfig,
  ) {
    super();
    this.runner = inProcess;
  }

  /** Name of the registration: tells several of one application apart. */
  get registration(): string {
    return this.config.name;
  }

  /** Whether this process runs listeners. */
  get runsListeners(): boolean {
    return this.config.role !== 'intake';
  }

  /** Whether this process receives callbacks. */
  get receives(): boolean {
    return this.config.role !== 'worker';
  }

  /** Gives new deliveries to another runner. To be called before the application has started. */
  use(runner: DeliveryRunner): void {
    this.runner = runner;
  }

  takes(delivery: OrderingKey): boolean {
    return this.runsListeners && this.gate.isKnown && this.runner.takes(delivery);
  }

  get graceMs(): number | null {
    return this.runner.graceMs;
  }

  /** Tells the runner of deliveries that are committed and not leased. */
  wake(deliveries: readonly WaitingDelivery[]): void {
    if (deliveries.length > 0) this.runner.wake(deliveries);
  }

  start(): void {
    this.runner.start();
  }

  /** Resolves when the runner brings nothing more. */
  stop(): Promise<void> {
    return this.runner.stop();
  }

  /** After the last run. */
  close(): Promise<void> {
    return this.runner.close();
  }
}
