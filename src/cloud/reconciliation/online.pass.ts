import { groupBy } from '../../common/group-by.js';
import type { PushEvidence } from '../../sessions/push.evidence.js';
import type { CloudReader } from '../reading/cloud.reader.js';
import type { OnlineStream } from '../reading/cloud.rows.js';
import { Absences, type Absence } from './absences.js';
import { attemptEach } from './attempts.js';
import type { CloudEvidence } from './cloud.evidence.js';
import type { Corrections } from './corrections.js';
import { keyOf, type KnownPush, type KnownPushes } from './known.pushes.js';
import { paired } from './pairing.js';
import type { RecordIntake } from './record.intake.js';
import type { ReconciliationConfig } from './reconciliation.options.js';

/** What both passes work with. */
export interface PassParts {
  readonly reader: CloudReader;
  readonly known: KnownPushes;
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
 * What is live here and missing there is only doubted: it ends by the event list, or when the cloud calls the
 * stream inactive for as long as CSS would try to deliver its interruption.
 */
export class OnlinePass {
  readonly absences = new Absences();

  constructor(private readonly parts: PassParts) {}

  /** @throws CloudApiError, CloudAnswerError, and the database's error; nothing is concluded then */
  async run(domain: string): Promise<void> {
    const { reader, known, config, now } = this.parts;
    const open = await known.open(domain);
    const began = now();
    const online: OnlineStream[] = [];
    for (const path of config.paths ?? [undefined]) {
      online.push(...(await reader.online(domain, path)));
    }
    const isFresh = now() - began <= LONGEST_READ_MS;
    this.forget(domain, open);
    await attemptEach(
      [
        () => this.begin(online, began),
        () => (isFresh ? this.doubt(domain, online, open, began) : Promise.resolve()),
      ],
      (work) => work(),
    );
  }

  private forget(domain: string, open: readonly KnownPush[]): void {
    this.absences.keep(domain, new Set(open.map(({ id }) => id)));
  }

  /** Pushes that no callback has told of in time. */
  private async begin(online: readonly OnlineStream[], at: number): Promise<void> {
    const { known, evidence, corrections, config } = this.parts;
    const pushes = await known.ofStreams(online, at - config.lookBackMs);
    await attemptEach(online, async (stream) => {
      const rows = stream.startedAt.map((startedAt) => ({ startedAt }));
      const pairs = paired(rows, pushes.get(keyOf(stream)) ?? []);
      for (const row of rows) {
        const push = pairs.get(row);
        if (push?.endedBy === 'online-list') await corrections.bring([evidence.seen(push, at)]);
        if (push || row.startedAt > at - config.settleMs) continue;
        if (await this.isOnRecord(stream, row.startedAt)) continue;
        await corrections.bring([evidence.begun(stream, row.startedAt, 'online-list')]);
      }
    });
  }

  /** Whether the callback of a push is stored, by the records. */
  private async isOnRecord(stream: OnlineStream, startedAt: number): Promise<boolean> {
    const { records, corrections } = this.parts;
    if (!records) return false;
    const { taken, known } = await records.take({ stream, startedAt, endedAt: null });
    corrections.taken(stream, taken);
    return known.has('stream-push');
  }

  private async doubt(
    domain: string,
    online: readonly OnlineStream[],
    open: readonly KnownPush[],
    at: number,
  ): Promise<void> {
    const { config, corrections } = this.parts;
    const startsOf = new Map(online.map((stream) => [keyOf(stream), stream.startedAt]));
    const mine = open.filter(({ stream }) => config.paths?.includes(stream.path) ?? true);
    const missing: KnownPush[] = [];
    for (const [key, pushes] of groupBy(mine, ({ stream }) => keyOf(stream))) {
      const rows = (startsOf.get(key) ?? []).map((startedAt) => ({ startedAt }));
      const present = new Set(paired(rows, pushes).values());
      for (const push of pushes) {
        if (present.has(push)) this.absences.present(domain, push.id, at);
        else if (push.startedAt <= at - config.settleMs) missing.push(push);
      }
    }
    await attemptEach(missing, async (push) => {
      const end = await this.endOf(domain, push, this.absences.absent(domain, push.id, at), at);
      if (end) await corrections.bring([end]);
    });
  }

  /** Evidence that a push has ended; null while that cannot be said. */
  private async endOf(
    domain: string,
    push: KnownPush,
    { since, lastSeenAt, lists }: Absence,
    at: number,
  ): Promise<PushEvidence | null> {
    const { reader, evidence, config } = this.parts;
    const isDoubted = lists >= 2 && at - since >= MINUTE_MS;
    // Each of them at first, later now and then.
    if (!isDoubted || (lists > 2 && lists % 5 !== 0)) return null;
    // A question may span a month.
    const from = Math.max(push.startedAt - MINUTE_MS, at - LONGEST_SPAN_MS);
    const stretch = { from, to: at - config.clockMarginMs };
    const rows = await reader.ended(domain, stretch, push.stream);
    const row = rows.find((one) => paired([one], [push]).size > 0);
    if (row) return evidence.ended(push, row);
    if (at - since < config.patienceMs) return null;
    if ((await reader.stateOf(push.stream)) !== 'inactive') return null;
    return evidence.gone(push, lastSeenAt ?? push.startedAt);
  }
}
