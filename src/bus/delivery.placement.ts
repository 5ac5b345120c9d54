import { Inject, Injectable } from '@nestjs/common';

import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import type { DeliveryEngine, WaitingDelivery } from './delivery.engine.js';
import { LaneRunner } from './lane.runner.js';
import { LiveEventDispatcher } from './live-event.dispatcher.js';

/** Says where the deliveries of newly stored callbacks run: here, on other nodes, or by an engine. */
@Injectable()
export class DeliveryPlacement {
  private engine: DeliveryEngine | undefined;

  constructor(
    private readonly dispatcher: LiveEventDispatcher,
    readonly lanes: LaneRunner,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
  ) {}

  /** Base path of the registration: tells several of one application apart. */
  get path(): string {
    return this.config.path;
  }

  /** Whether this process runs listeners. */
  get runsListeners(): boolean {
    return this.config.role !== 'intake';
  }

  /** Whether this process receives callbacks. */
  get receives(): boolean {
    return this.config.role !== 'worker';
  }

  /** Leaves new deliveries to an engine. To be called before the application has started. */
  use(engine: DeliveryEngine): void {
    this.engine = engine;
  }

  /** Whether new deliveries of a listener are leased to this process as they are stored. */
  takes(listener: string): boolean {
    // Without room the table keeps them, and memory stays flat however slow a listener is.
    return this.runsListeners && !this.engine && this.dispatcher.roomOf(listener) > 0;
  }

  /** How long new deliveries are left to the engine before a sweep may take them, ms; null: not. */
  get graceMs(): number | null {
    return this.engine?.graceMs ?? null;
  }

  /** Tells the engine, if there is one, of deliveries that are committed. */
  wake(deliveries: readonly WaitingDelivery[]): void {
    if (deliveries.length > 0) this.engine?.wake(deliveries);
  }

  /** Once listeners are known and the database answers. */
  start(): void {
    if (!this.engine) return;
    if (this.runsListeners) this.lanes.start();
    this.engine.start();
  }

  /** Resolves when the engine brings nothing more. */
  async stop(): Promise<void> {
    this.lanes.stop();
    await this.engine?.stop();
  }

  /** After the last run. */
  async close(): Promise<void> {
    await this.engine?.close();
  }
}
