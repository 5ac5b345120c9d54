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

import {
  CallbackDatabase,
  CallbackStore,
  RejectionRecorder,
  RetentionSchedule,
  TransactionRunner,
} from './audit/index.js';
import { DeliveryPlacement, DeliverySweeper, LiveEventDispatcher } from './bus/index.js';
import { LiveCallbackOptionsError } from './config/option.error.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from './live-callback.config.js';
import { CallbackSpool, REGISTRATION, type Registration } from './reception/index.js';

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
    private readonly spool: CallbackSpool,
    private readonly dispatcher: LiveEventDispatcher,
    private readonly sweeper: DeliverySweeper,
    private readonly placement: DeliveryPlacement,
    private readonly transactions: TransactionRunner,
    private readonly rejections: RejectionRecorder,
    private readonly retention: RetentionSchedule,
    @Inject(REGISTRATION) private readonly registration: Registration,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
  ) {
    // Before routes are registered: Fastify would refuse the second one with an error of its own.
    this.checkPathIsFree();
  }

  /** @throws LiveCallbackOptionsError, StorageSetupError */
  async onModuleInit(): Promise<void> {
    for (const warning of this.config.warnings) this.logger.warn(warning);
    await this.spool.open();
    await this.database.open();
  }

  /** Once the listeners are known and the database answers, what an earlier process left is resumed. */
  onApplicationBootstrap(): void {
    void this.resume();
  }

  private async resume(): Promise<void> {
    await this.database.whenOpen;
    if (this.isStopping) return;
    if (this.placement.runsListeners) this.sweeper.start();
    this.placement.start();
    this.spool.start();
    this.retention.start();
  }

  /** Comes before the server closes, which would wait for half-sent requests for ever. */
  beforeApplicationShutdown(): void {
    const server = this.adapterHost.httpAdapter?.getHttpServer() as Partial<Server> | undefined;
    setTimeout(() => server?.closeAllConnections?.(), LAST_REQUESTS_MS).unref();
  }

  /** Comes after the server has closed: no request is running any more. */
  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await within(
      LAST_WRITES_MS,
      Promise.all([
        this.sweeper.stop(),
        this.spool.stop(),
        this.retention.stop(),
        this.placement.stop(),
      ]),
    );
    await within(LAST_WRITES_MS, this.store.drained());
    await within(LAST_WRITES_MS, this.dispatcher.stop());
    if (!(await within(GRACE_MS, this.dispatcher.idle()))) {
      this.dispatcher.abort();
      this.logger.warn(
        `Listeners still ran ${GRACE_MS} ms after the application was told to stop; their deliveries will be resumed.`,
      );
    }
    await within(LAST_WRITES_MS, Promise.all([this.rejections.flush(), this.placement.close()]));
    await within(LAST_WRITES_MS, this.transactions.close());
    await within(LAST_WRITES_MS, Promise.all([this.database.close(), this.spool.close()]));
  }

  /** Two registrations on one path would mean that the second never gets a request. */
  private checkPathIsFree(): void {
    if (!this.placement.receives) return;
    for (const { providers } of this.modules.values()) {
      const other = providers.get(REGISTRATION)?.instance as Registration | undefined;
      if (other && other !== this.registration && other.path === this.registration.path) {
        throw new LiveCallbackOptionsError(
          'path',
          `"${other.path}" is taken by another registration of LiveCallbackModule. Give each its own: forRoot({ path: "live-callback-b", … }).`,
        );
      }
    }
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const isDone = await Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    deadline,
  ]);
  clearTimeout(timer);
  return isDone;
}
