import { In } from 'typeorm';

import {
  SessionComparison,
  type ComparisonCalls,
  type ComparisonOverview,
  type ComparisonResult,
  type ComparisonSuspect,
} from '../../sessions/session.comparison.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LivePush, LiveReconciliation, LiveSession } from '../../storage/entities/index.js';
import { DOCUMENTED_RATES } from '../api/edition.js';
import type { PartFinder } from '../registration.parts.js';
import type { LiveCallbackReconciliation } from './live-callback-reconciliation.service.js';
import { lookBackTo } from './reconciliation.lease.js';
import type { ReconciliationConfig } from './reconciliation.options.js';

/** Nobody reads more. */
const SHOWN = 100;

/** The reconciliation, for people who look at it and start it. */
export class CloudComparison extends SessionComparison {
  readonly registration: string;

  constructor(
    private readonly reconciliation: LiveCallbackReconciliation,
    private readonly config: ReconciliationConfig,
    private readonly find: PartFinder,
  ) {
    super();
    this.registration = config.registration;
  }

  async overview(): Promise<ComparisonOverview> {
    const { config, reconciliation } = this;
    const report = reconciliation.report();
    const { watermarkAt, hasLeader } = await this.progress();
    return {
      domains: config.domains,
      paths: config.paths,
      edition: config.edition,
      settleSeconds: config.settleMs / 1000,
      patienceSeconds: config.patienceMs / 1000,
      isLeader: report.isLeader,
      hasLeader,
      isCaughtUp: report.isCaughtUp,
      watermarkAt,
      listDelaySeconds: report.listDelaySeconds,
      cycles: reconciliation.cycles,
      corrections: report.corrections,
      repairs: reconciliation.repairs,
      suspects: await this.suspects(),
      calls: this.callsOf(report.calls),
    };
  }

  async run({ from, dryRun }: { from: Date; dryRun: boolean }): Promise<ComparisonResult> {
    if (dryRun) {
      const found = await this.reconciliation.differences(from);
      return { differences: found.slice(0, SHOWN), count: found.length, cycle: null };
    }
    await lookBackTo(this.find(CallbackDatabase), this.registration, from);
    await this.reconciliation.cycle(true);
    return { differences: [], count: 0, cycle: this.reconciliation.cycles[0] ?? null };
  }

  /** As every process sees it. */
  private async progress(): Promise<{ watermarkAt: Date | null; hasLeader: boolean }> {
    const database = this.find(CallbackDatabase);
    const { registration } = this;
    const rows = database.manager.getRepository(LiveReconciliation);
    const row = await rows.findOneBy({ registration });
    const hasLeader = await rows
      .createQueryBuilder('r')
      .where('r.registration = :registration', { registration })
      .andWhere(`r.leaseUntil >= ${database.now}`)
      .getExists();
    return { watermarkAt: row?.watermarkAt ?? null, hasLeader };
  }

  private async suspects(): Promise<ComparisonSuspect[]> {
    const { manager } = this.find(CallbackDatabase);
    const absences = new Map(this.reconciliation.absences.slice(0, SHOWN));
    const pushes = await manager
      .getRepository(LivePush)
      .find({ where: { id: In([...absences.keys()]) } });
    const sessions = await manager
      .getRepository(LiveSession)
      .find({ where: { id: In(pushes.map(({ sessionId }) => sessionId)) } });
    const found = pushes.flatMap(({ id, sessionId, startedAt }): ComparisonSuspect[] => {
      const session = sessions.find((one) => one.id === sessionId);
      const absence = absences.get(id);
      if (!session || !absence) return [];
      const { domain, path, streamName } = session;
      const stream = { domain: domain ?? '', path: path ?? '', name: streamName ?? '' };
      const { since, lists } = absence;
      return [{ ...stream, sessionId, startedAt, missingSince: new Date(since), lists }];
    });
    return found.toSorted((a, b) => a.missingSince.getTime() - b.missingSince.getTime());
  }

  /** Also of what was not asked yet. */
  private callsOf(counts: Readonly<Record<string, number>>): ComparisonCalls[] {
    const { edition, rateShare } = this.config;
    return Object.entries<number>(DOCUMENTED_RATES[edition]).map(([action, rate]) => {
      const outcomes = Object.entries(counts).flatMap(([key, count]): [string, number][] => {
        const [asked, outcome = ''] = key.split(' ');
        return asked === action ? [[outcome, count]] : [];
      });
      return { action, perSecond: rate * rateShare, outcomes: Object.fromEntries(outcomes) };
    });
  }
}
