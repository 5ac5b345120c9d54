import type { Server } from 'node:http';

import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';

import { AlertWatch } from '../operations/alerts/alert.watch.js';
import { RetentionSchedule } from '../operations/retention/retention.schedule.js';
import { RejectionRecorder } from '../receiving/refusals/rejection.recorder.js';
import { CallbackStore } from '../storage/callback.store.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { TransactionRunner } from '../storage/transaction.runner.js';
import { DeliveryDispatcher } from '../delivery/delivery.dispatcher.js';
import { DeliveryPlacement } from '../delivery/delivery.placement.js';
import { OrderingKeyTaker } from '../delivery/ordering-key.taker.js';
import { DeliveryPoller } from '../delivery/delivery.poller.js';
import { outsideRequests } from '../common/outside-requests.js';
import { withTimeout } from '../common/with-timeout.js';
import { LiveCallbackOptionsError } from '../options/option.error.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackAcceptor } from '../receiving/callback.acceptor.js';
import { CircuitBreakers } from '../delivery/circuit.breakers.js';
import { ListenerGate } from '../delivery/listener.gate.js';
import { HandOver } from '../delivery/hand-over.js';
import { checkDigest } from '../receiving/verification/digest.check.js';
import { SessionClock } from '../sessions/session.clock.js';
import { CallbackSpool } from '../storage/spool/callback.spool.js';
import { REGISTRATION, type Registration } from '../receiving/http/registration.js';

/** How long running listeners may go on after the last request, ms. */
const GRACE_MS = 3_000;
/** How long a database that hangs may hold up each last step, ms. */
const LAST_WRITES_MS = 1_000;
/** How long requests in progress may take once the server closes, ms. */
const LAST_REQUESTS_MS = 3_000;

/** Starts and stops one registration in the right order. */
@Injectable()
export class LiveCallbackLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('LiveCallback');
  private isStopping = false;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly adapterHost: HttpAdapterHost,
    private readonly database: CallbackDatabase,
    private readonly store: CallbackStore,
    @Inject(CallbackSpool) private readonly spool: CallbackSpool | null,
    private readonly acceptor: CallbackAcceptor,
    private readonly handOver: HandOver,
    private readonly gate: ListenerGate,
    private readonly breakers: CircuitBreakers,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly poller: DeliveryPoller,
    private readonly taker: OrderingKeyTaker,
    private readonly placement: DeliveryPlacement,
    private readonly transactions: TransactionRunner,
    private readonly rejections: RejectionRecorder,
    private readonly retention: RetentionSchedule,
    private readonly alerts: AlertWatch,
    private readonly sessions: SessionClock,
    @Inject(REGISTRATION) private readonly registration: Registration,
    private readonly config: LiveCallbackConfig,
  ) {
    // Before routes are registered: Fastify would refuse the second one with an error of its own.
    this.checkPathIsFree();
  }

  /** @throws LiveCallbackOptionsError, StorageSetupError, DigestForbiddenError */
  async onModuleInit(): Promise<void> {
    this.checkNameIsFree();
    if (this.placement.receives) checkDigest();
    for (const warning of this.config.warnings) this.logger.warn(warning);
    // A host may be started by its first request, as on a functions platform.
    await outsideRequests(async () => {
      await this.spool?.open();
      await this.database.open();
      // Before the first callback, of which a paused listener is to get nothing. A failure is the poll's to tell of.
      if (this.database.isOpen && this.placement.runsListeners)
        await this.gate.read().catch(() => {});
    });
  }

  /** Once the listeners are known and the database answers, what an earlier process left is resumed. */
  onApplicationBootstrap(): void {
    void outsideRequests(() => this.resume());
  }

  private async resume(): Promise<void> {
    await this.database.whenOpen;
    if (this.isStopping) return;
    if (this.placement.runsListeners) {
      this.breakers.start();
      this.taker.start();
      this.poller.start();
      this.sessions.start();
    }
    this.placement.start();
    this.spool?.start((spooled, store) => this.acceptor.acceptSpooled(spooled, store));
    this.retention.start();
    this.alerts.start();
  }

  /** Comes before the server closes, which would wait for half-sent requests for ever. */
  beforeApplicationShutdown(): void {
    const server = this.adapterHost.httpAdapter?.getHttpServer() as Partial<Server> | undefined;
    setTimeout(() => server?.closeAllConnections?.(), LAST_REQUESTS_MS).unref();
  }

  /** Comes after the server has closed: no request is running any more. */
  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.taker.stop();
    await within(
      LAST_WRITES_MS,
      Promise.all([
        this.poller.stop(),
        this.spool?.stop(),
        this.retention.stop(),
        this.alerts.stop(),
        this.sessions.stop(),
        this.placement.stop(),
      ]),
    );
    await within(LAST_WRITES_MS, this.store.drained());
    await within(LAST_WRITES_MS, this.handOver.drained());
    this.dispatcher.stop();
    await within(LAST_WRITES_MS, this.handOver.drained());
    if (!(await within(GRACE_MS, this.dispatcher.idle()))) {
      this.dispatcher.abort();
      this.logger.warn(
        `Listeners still ran ${GRACE_MS} ms after the application was told to stop; their deliveries will be resumed.`,
      );
      // Those that obey their signal say what came of it.
      await within(LAST_WRITES_MS, this.dispatcher.idle());
    }
    await within(LAST_WRITES_MS, this.handOver.drained());
    await within(LAST_WRITES_MS, Promise.all([this.rejections.flush(), this.placement.close()]));
    await within(LAST_WRITES_MS, this.transactions.close());
    await within(LAST_WRITES_MS, Promise.all([this.database.close(), this.spool?.close()]));
  }

  /** Two registrations of one name on one database would take each other's deliveries. */
  private checkNameIsFree(): void {
    const { name, role } = this.config;
    for (const { providers } of this.modules.values()) {
      const other = providers.get(LiveCallbackConfig)?.instance as LiveCallbackConfig | undefined;
      const database = providers.get(CallbackDatabase)?.instance as CallbackDatabase | undefined;
      if (!other || other === this.config || other.name !== name) continue;
      // The two halves of one registration.
      if (role !== 'all' && other.role !== 'all' && role !== other.role) continue;
      if (!database?.isShared(this.database)) continue;
      throw new LiveCallbackOptionsError(
        'name',
        `"${name}" is taken by another registration of LiveCallbackModule on the same database. Give each its own: forRoot({ name: "tenant-b", … }).`,
      );
    }
  }

  /** Two registrations on one path would mean that the second never gets a request. */
  private checkPathIsFree(): void {
    if (!this.placement.receives) return;
    for (const { providers } of this.modules.values()) {
      const other = providers.get(REGISTRATION)?.instance as Registration | undefined;
      if (!other || other === this.registration) continue;
      // Letter case counts for nothing in a callback URL.
      if (other.path.toLowerCase() === this.registration.path.toLowerCase()) {
        throw new LiveCallbackOptionsError(
          'path',
          `"${other.path}" is taken by another registration of LiveCallbackModule. Give each its own: forRoot({ path: "live-callback-b", … }).`,
        );
      }
    }
  }
}

/** Whether the work ended well, and in time. */
function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  return withTimeout(work, milliseconds, () => new Error('too late')).then(
    () => true,
    () => false,
  );
}
