import { groupBy } from '../../common/group-by.js';
import type { CloudReader } from '../reading/cloud.reader.js';
import type { RunningPush } from '../reading/cloud.rows.js';
import { Absences, type Absence } from './absences.js';
import { attemptEach } from './attempts.js';
import type { CloudEvidence, Finding, ShownPush } from './cloud.evidence.js';
import type { Corrections } from './corrections.js';
import { keyOf, type KnownPush, type KnownPushes } from './known.pushes.js';
import { paired } from './pairing.js';
import type { PushSequences } from './push.sequences.js';
import type { RecordIntake } from './record.intake.js';
import type { ReconciliationConfig } from './reconciliation.options.js';
import type { ShownPushes } from './shown.pushes.js';

/** What both passes work with. */
export interface PassParts {
  readonly reader: CloudReader;
  readonly shown: ShownPushes;
  readonly known: KnownPushes;
  readonly sequences: PushSequences;
  readonly evidence: CloudEvidence;
  readonly corrections: Corrections;
  /** Null where the cloud has no callback records, or they are not to be asked for. */
  readonly records: RecordIntake | null;
  readonly config: ReconciliationConfig;
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
/** A list that is older than this by the time it has been read says nothing of what is missing in it, ms. */
const LONGEST_READ_MS = MINUTE_MS;

const LONGEST_SPAN_MS = 30 * 24 * 60 * MINUTE_MS;

/**
 * Compares what is live in the cloud with what is live here. What is live there and unknown here has begun.
 * What is live here and missing there is only unconfirmed: it ends by the event list, or when the cloud calls the
 * stream inactive for as long as CSS would try to deliver its interruption.
 */
export class OnlinePass {
  readonly absences = new Absences();

  constructor(private readonly parts: PassParts) {}

  /**
   * @param running of all domains: one list, which is asked for once
   * @throws CloudApiError, CloudAnswerError, and the database's error; nothing is concluded then
   */
  async run(domain: string, running: () => Promise<readonly RunningPush[]>): Promise<void> {
    const { shown, known, now } = this.parts;
    const open = await known.open(domain);
    const began = now();
    const live = await shown.of(domain, await running());
    const isFresh = now() - began <= LONGEST_READ_MS;
    this.absences.keep(domain, new Set(open.map(({ id }) => id)));
    await attemptEach(
      [
        () => this.begin(live, began),
        () => (isFresh ? this.doubt(domain, live, open, began) : Promise.resolve()),
      ],
      (work) => work(),
    );
  }

  /** Pushes that no callback has told of in time, and those that were missed. */
  private async begin(live: readonly ShownPush[], at: number): Promise<void> {
    const { known, config } = this.parts;
    const streams = live.map(({ stream }) => stream);
    const pushes = await known.ofStreams(streams, at - config.lookBackMs);
    await attemptEach(
      groupBy(live, ({ stream }) => keyOf(stream)),
      async ([key, rows]) => {
        const pairs = paired(rows, pushes.get(key) ?? []);
        await attemptEach(rows, (row) => this.compare(row, pairs.get(row), at));
      },
    );
  }

  private async compare(row: ShownPush, push: KnownPush | undefined, at: number): Promise<void> {
    const { evidence, corrections, config, sequences } = this.parts;
    if (push?.endedBy === 'online-list' || push?.state === 'unconfirmed') {
      await corrections.bring([evidence.seen(push, row, at)]);
    }
    if (push || row.startedAt > at - config.settleMs) return;
    if (await this.isOnRecord(row)) return;
    const sequence = row.sequence ?? (await sequences.of(row.stream, row.startedAt));
    await corrections.bring([evidence.begun({ ...row, sequence })]);
  }

  /** Whether the callback of a push is stored, by the records. */
  private async isOnRecord({ stream, startedAt }: ShownPush): Promise<boolean> {
    const { records, corrections } = this.parts;
    if (!records) return false;
    const { taken, known } = await records.take({ stream, startedAt, endedAt: null });
    corrections.taken(stream, taken);
    return known.has('stream-push');
  }

  private async doubt(
    domain: string,
    live: readonly ShownPush[],
    open: readonly KnownPush[],
    at: number,
  ): Promise<void> {
    const { config } = this.parts;
    const rows = groupBy(live, ({ stream }) => keyOf(stream));
    const mine = open.filter(({ stream }) => config.paths?.includes(stream.path) ?? true);
    const missing: KnownPush[] = [];
    for (const [key, pushes] of groupBy(mine, ({ stream }) => keyOf(stream))) {
      const present = new Set(paired(rows.get(key) ?? [], pushes).values());
      for (const push of pushes) {
        if (present.has(push)) this.absences.present(domain, push.id, at);
        else if (push.startedAt <= at - config.settleMs) missing.push(push);
      }
    }
    await attemptEach(missing, (push) =>
      this.miss(push, this.absences.absent(domain, push.id, at), at),
    );
  }

  /** Twice, and a minute apart: once may be a moment in which the list is behind. */
  private async miss(push: KnownPush, absence: Absence, at: number): Promise<void> {
    const { evidence, corrections } = this.parts;
    const { since, lists } = absence;
    if (lists < 2 || at - since < MINUTE_MS) return;
    if (push.state !== 'unconfirmed') await corrections.bring([evidence.missed(push, since)]);
    const end = await this.endOf(push, absence, at);
    if (end) await corrections.bring([end]);
  }

  /** Evidence that a push has ended; null while that cannot be said. */
  private async endOf(
    push: KnownPush,
    { since, lastSeenAt, lists }: Absence,
    at: number,
  ): Promise<Finding | null> {
    const { reader, evidence, config } = this.parts;
    // Each of them at first, later now and then.
    if (lists > 2 && lists % 5 !== 0) return null;
    // A question may span a month.
    const from = Math.max(push.startedAt - MINUTE_MS, at - LONGEST_SPAN_MS);
    const stretch = { from, to: at - config.clockMarginMs };
    const rows = await reader.ended(push.stream.domain, stretch, push.stream);
    const row = rows.find((one) => paired([one], [push]).size > 0);
    if (row) return evidence.ended(push, row);
    if (at - since < config.patienceMs) return null;
    if ((await reader.stateOf(push.stream)) !== 'inactive') return null;
    return evidence.gone(push, lastSeenAt ?? push.startedAt);
  }
}
