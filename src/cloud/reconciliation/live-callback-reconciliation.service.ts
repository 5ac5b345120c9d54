import { randomUUID } from 'node:crypto';

import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { OutageLog } from '../../common/outage.log.js';
import { outsideRequests } from '../../common/outside-requests.js';
import { SerialQueue } from '../../common/serial.queue.js';
import { emitSignal } from '../../common/signals.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackAcceptor } from '../../receiving/callback.acceptor.js';
import { CallbackMapper } from '../../receiving/callback.mapper.js';
import { CallbackVerifier } from '../../receiving/verification/callback.verifier.js';
import type { ComparisonCycle, ComparisonRepair } from '../../sessions/session.comparison.js';
import { SessionWriter } from '../../sessions/session.writer.js';
import { DatabaseCallbackStore } from '../../storage/database-callback.store.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import type { ReconciliationFailure } from '../../storage/entities/index.js';
import { CloudApiError } from '../api/cloud-api.error.js';
import { CloudError } from '../api/cloud.error.js';
import { isKeyRefused } from '../api/failure-class.js';
import type { CloudApi } from '../api/cloud-api.js';
import { CloudReader } from '../reading/cloud.reader.js';
import { SYSTEM_PACE, type Pace } from '../reading/token.bucket.js';
import type { PartFinder } from '../registration.parts.js';
import type { Absence } from './absences.js';
import { CloudEvidence } from './cloud.evidence.js';
import { Corrections } from './corrections.js';
import { CycleLog } from './cycle.log.js';
import { differencesOf, stretchesOf, type Difference } from './differences.js';
import { ListenerRegistry } from '../../delivery/listeners/listener.registry.js';
import { OrderingKeyTaker } from '../../delivery/ordering-key.taker.js';
import { EventPass } from './event.pass.js';
import { GapPass } from './gap.pass.js';
import { KnownPushes } from './known.pushes.js';
import { ListDelay } from './list.delay.js';
import { OnlinePass } from './online.pass.js';
import { PushSequences } from './push.sequences.js';
import { ReconciledEvents } from './reconciled.events.js';
import { Reconciler, type Cycle } from './reconciler.js';
import { ReconciliationLease } from './reconciliation.lease.js';
import type { ReconciliationConfig } from './reconciliation.options.js';
import { RecordIntake } from './record.intake.js';
import { ShownPushes } from './shown.pushes.js';

/** How a reconciliation is. Figures are those of this process since its start. */
export interface ReconciliationReport {
  /** Whether this process is the one that compares. */
  readonly isLeader: boolean;
  /** Whether the last cycle was answered in whole, the watermark is as new as it can be, and no gap is left. */
  readonly isCaughtUp: boolean;
  /** Pushes that ended before have been compared; null before the first time, and where another process does it. */
  readonly watermarkAt: Date | null;
  /** How long ago that is. */
  readonly ageSeconds: number | null;
  /** Since when nobody compared, as long as that is not made up for; null otherwise. */
  readonly gapFrom: Date | null;
  /** How late the event list is taken to be. */
  readonly listDelaySeconds: number;
  /** Pushes that are open here and missing from what is live in the cloud. */
  readonly candidates: number;
  /**
   * Attempts to deliver a callback that the cloud calls failed (`ResultCode`), of those whose records were looked
   * at; 10000 for that many or more.
   */
  readonly failedAttempts: number;
  /** By what was missing and how it is known now, such as `end event-list`. */
  readonly corrections: Readonly<Record<string, number>>;
  /** By action and outcome, such as `DescribeLiveStreamState ok`. */
  readonly calls: Readonly<Record<string, number>>;
}

const EVERY_MS = 60_000;
/** The event list is read every five minutes, and takes its time. */
const CAUGHT_UP_MS = 10 * 60_000;

/** Compares what a registration knows with what the cloud knows, and brings in what was missed. */
export class LiveCallbackReconciliation
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly outage = new OutageLog(new Logger('LiveCallback'));
  private readonly stopping = new AbortController();
  private readonly calls = new Map<string, number>();
  private readonly delay = new ListDelay();
  private readonly log = new CycleLog();
  /** One cycle at a time, whoever asks for it. */
  private readonly turns = new SerialQueue();
  private reconciler: Reconciler | undefined;
  private lease: ReconciliationLease | undefined;
  private online: OnlinePass | undefined;
  private corrections: Corrections | undefined;
  private reader: CloudReader | undefined;
  private known: KnownPushes | undefined;
  private records: RecordIntake | null = null;
  private running: Promise<void> = Promise.resolve();
  /** Of the cycle that is being made. */
  private failure: ReconciliationFailure | null = null;
  private last: Cycle = {
    isLeader: false,
    isWhole: false,
    watermarkAt: null,
    gapFrom: null,
  };

  /** @param manualPace of a test, which makes the cycles itself */
  constructor(
    private readonly config: ReconciliationConfig,
    private readonly api: CloudApi,
    private readonly find: PartFinder,
    private readonly manualPace: Pace | undefined,
  ) {}

  /** @throws CloudError when the registration has no sessions */
  onApplicationBootstrap(): void {
    this.assemble();
    if (this.manualPace) return;
    this.running = outsideRequests(() => this.run());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.turns.run(() => Promise.resolve());
    // Where the database is away, the lease runs out.
    await this.lease?.release().catch(() => {});
  }

  /**
   * Makes one cycle now, besides those that are made every minute.
   *
   * @param isFull whether what has ended is compared, although its time has not come. Default: false
   */
  cycle(isFull = false): Promise<Cycle> {
    const corrected = () => this.corrections?.number ?? 0;
    const work = () => this.compare(isFull);
    return this.turns.run(() => this.log.record(work, corrected, () => this.pace.now()));
  }

  /**
   * Pushes that have ended in the cloud since a time, and are unknown or open here; nothing is changed.
   *
   * @throws CloudApiError, CloudAnswerError, and the database's error
   */
  async differences(from: Date): Promise<Difference[]> {
    const to = this.pace.now() - this.config.clockMarginMs;
    const found: Difference[] = [];
    for (const domain of this.config.domains) {
      for (const stretch of stretchesOf(from.getTime(), to)) {
        found.push(...(await differencesOf(this.reader!, this.known!, domain, stretch)));
      }
    }
    return found;
  }

  /** The latest cycles of this process, newest first. */
  get cycles(): readonly ComparisonCycle[] {
    return this.log.latest;
  }

  /** What this process brought in, newest first. */
  get repairs(): readonly ComparisonRepair[] {
    return this.corrections?.latest ?? [];
  }

  /** Pushes that are open here and missing from what is live in the cloud, by id. */
  get absences(): readonly (readonly [id: string, absence: Absence])[] {
    return this.online?.absences.all ?? [];
  }

  /** How it is. */
  report(): ReconciliationReport {
    const { isLeader, isWhole, watermarkAt, gapFrom } = this.last;
    const ageMs = watermarkAt === null ? null : this.pace.now() - watermarkAt;
    return {
      isLeader,
      isCaughtUp: isWhole && ageMs !== null && ageMs <= this.delay.ms + CAUGHT_UP_MS,
      watermarkAt: watermarkAt === null ? null : new Date(watermarkAt),
      ageSeconds: ageMs === null ? null : Math.round(ageMs / 1000),
      gapFrom: gapFrom === null ? null : new Date(gapFrom),
      listDelaySeconds: Math.round(this.delay.ms / 1000),
      candidates: this.online?.absences.size ?? 0,
      failedAttempts: this.records?.failedAttempts ?? 0,
      corrections: this.corrections?.figures ?? {},
      calls: Object.fromEntries(this.calls),
    };
  }

  private get pace(): Pace {
    return this.manualPace ?? SYSTEM_PACE;
  }

  private async compare(isFull: boolean): Promise<Cycle> {
    this.failure = null;
    this.last = await this.reconciler!.cycle(isFull);
    const { isLeader, isCaughtUp } = this.report();
    if (isLeader) await this.lease!.stand(isCaughtUp, this.failure);
    return this.last;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.cycle();
        if (this.last.isWhole) this.outage.works();
      } catch (error) {
        this.fail('database', error);
      }
      await this.pace.sleep(EVERY_MS, signal).catch(() => {}); // it stops
    }
  }

  private assemble(): void {
    const { config, find, delay } = this;
    const live = find(LiveCallbackConfig);
    if (live.sessions === null) {
      throw new CloudError(
        'invalid',
        `Reconciliation corrects sessions, and the registration "${config.registration}" has none: LiveCallbackModule.forRoot({ …, sessions: {} }) turns them on.`,
      );
    }
    const database = find(CallbackDatabase);
    const now = () => this.pace.now();
    const reader = new CloudReader({
      api: this.api,
      edition: config.edition,
      rateShare: config.rateShare,
      ...(config.onlinePageSize !== undefined && { onlinePageSize: config.onlinePageSize }),
      pace: this.pace,
      onCall: (action, outcome) => this.count(action, outcome),
    });
    const way = {
      verifier: find(CallbackVerifier),
      mapper: find(CallbackMapper),
      acceptor: find(CallbackAcceptor),
      store: find(DatabaseCallbackStore),
      database,
    };
    const known = new KnownPushes(database, config.registration);
    const events = new ReconciledEvents(find(ListenerRegistry), find(OrderingKeyTaker), live);
    const corrections = new Corrections(find(SessionWriter), events);
    const shown = new ShownPushes(reader, config);
    this.records = config.records ? new RecordIntake(reader, way, now) : null;
    const parts = {
      reader,
      shown,
      known,
      sequences: new PushSequences(reader, config, now),
      evidence: new CloudEvidence(config.registration),
      corrections,
      records: this.records,
      config,
      now,
    };
    this.corrections = corrections;
    this.reader = reader;
    this.known = known;
    this.lease = new ReconciliationLease(database, config.registration, randomUUID(), now);
    this.online = new OnlinePass(parts);
    this.reconciler = new Reconciler({
      online: this.online,
      events: new EventPass(parts, delay),
      gap: new GapPass(parts),
      shown,
      delay,
      lease: this.lease,
      config,
      now,
      onFailure: (part, error) => this.fail(part, error),
    });
  }

  private fail(part: string, error: unknown): void {
    const isRefused = error instanceof CloudApiError && isKeyRefused(error.cloudCode);
    if (this.failure !== 'refused') this.failure = isRefused ? 'refused' : 'failing';
    this.log.failed(`${part}: ${errorText(error)}`);
    this.outage.failed(
      () => `Comparison with the cloud (${part}) failed and changes nothing: ${errorText(error)}`,
    );
  }

  private count(action: string, outcome: string): void {
    const key = `${action} ${outcome}`;
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
    emitSignal('asked', () => ({ action, outcome }));
  }
}
