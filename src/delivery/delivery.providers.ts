import type { Provider } from '@nestjs/common';

import { ListenerRegistry } from './listeners/listener.registry.js';
import { ListenerExplorer } from './listeners/listener.explorer.js';
import { LiveEventBus } from './live-event.bus.js';
import { Supersession } from './supersession.js';
import { ListenerRunner } from './listeners/listener.runner.js';
import { RunTracing } from './listeners/run.tracing.js';
import { LeaseKeeper } from './lease.keeper.js';
import { AttemptRunner } from './attempt.runner.js';
import { CrashSuspects } from './crash-suspects.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import { HandOver } from './hand-over.js';
import { InProcessRunner } from './delivery.runner.js';
import { OrderingKeyTaker } from './ordering-key.taker.js';
import { OrderingKeyRunner } from './ordering-key.runner.js';
import { CircuitBreakers } from './circuit.breakers.js';
import { ListenerGate } from './listener.gate.js';
import { DeliveryPlacement } from './delivery.placement.js';
import { DeliveryPoller } from './delivery.poller.js';

/** The way on: who listens, and how events reach them. */
export const DELIVERY_PROVIDERS: Provider[] = [
  ListenerRegistry,
  ListenerExplorer,
  LiveEventBus,
  Supersession,
  ListenerRunner,
  RunTracing,
  LeaseKeeper,
  AttemptRunner,
  CrashSuspects,
  DeliveryDispatcher,
  HandOver,
  ListenerGate,
  CircuitBreakers,
  InProcessRunner,
  OrderingKeyTaker,
  OrderingKeyRunner,
  DeliveryPlacement,
  DeliveryPoller,
];
