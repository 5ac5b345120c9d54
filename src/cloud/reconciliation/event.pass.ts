import { groupBy } from '../../common/group-by.js';
import type { Stretch } from '../reading/cloud.reader.js';
import type { EndedPush } from '../reading/cloud.rows.js';
import { SAME_MS } from '../../events/push-beginning.js';
import { attemptEach } from './attempts.js';
import type { Finding } from './cloud.evidence.js';
import { keyOf, type KnownPush } from './known.pushes.js';
import type { ListDelay } from './list.delay.js';
import type { PassParts } from './online.pass.js';
import { paired } from './pairing.js';

/** Sources that hold what CSS has sent: nothing is better. */
const SENT: readonly (string | null)[] = ['callback', 'callback-record'];
/** The records are asked so often for the callbacks of one push. */
const ASKS = 3;

/** Compares the pushes that have ended in the cloud with those that have ended here. */
export class EventPass {
  /** How often the records were asked, by push. */
  private asked = new Map<string, number>();

  constructor(
    private readonly parts: PassParts,
    private readonly delay: ListDelay,
  ) {}

  /**
   * @param stretch in which they have ended
   * @throws CloudApiError, CloudAnswerError, and the database's error; what was found before counts
   */
  async run(domain: string, stretch: Stretch): Promise<void> {
    const { reader, known, config, now } = this.parts;
    const rows = (await reader.ended(domain, stretch)).filter(
      ({ path }) => config.paths?.includes(path) ?? true,
    );
    this.delay.note(domain, rows, now());
    this.forget(stretch.from);
    const first = rows.reduce((time, { startedAt }) => Math.min(time, startedAt), now());
    const pushes = await known.ofStreams(rows, first - SAME_MS);
    await attemptEach(groupBy(distinct(rows), keyOf), async ([key, ofStream]) => {
      const pairs = paired(ofStream, pushes.get(key) ?? []);
      await attemptEach(ofStream, (row) => this.compare(row, pairs.get(row)));
    });
  }

  private async compare(row: EndedPush, push: KnownPush | undefined): Promise<void> {
    const { evidence, corrections, config, sequences, now } = this.parts;
    const isToldOf = push && SENT.includes(push.endedBy);
    // A push without its own callback is as good as known, and yet listeners lack it.
    if (isToldOf && SENT.includes(push.startedBy)) return;
    if (row.endedAt > now() - config.settleMs) return;
    const known = await this.recordsOf(row);
    const found: Finding[] = [];
    if (!push && !known.has('stream-push') && !known.has('stream-interrupt')) {
      found.push(evidence.over(row, await sequences.of(row, row.startedAt)));
    } else if (
      push &&
      !isToldOf &&
      !known.has('stream-interrupt') &&
      push.endedBy !== 'event-list'
    ) {
      found.push(evidence.ended(push, row));
    }
    await corrections.bring(found);
  }

  /** Kinds of callbacks of the push that are stored, by the records; empty where they are not asked. */
  private async recordsOf(row: EndedPush): Promise<ReadonlySet<string>> {
    const { records, corrections } = this.parts;
    const key = `${row.startedAt} ${keyOf(row)}`;
    const asked = this.asked.get(key) ?? 0;
    if (!records || asked >= ASKS) return new Set();
    const { startedAt, endedAt } = row;
    const { known, taken } = await records.take({ stream: row, startedAt, endedAt });
    this.asked.set(key, asked + 1);
    corrections.taken(row, taken);
    return known;
  }

  private forget(before: number): void {
    for (const key of this.asked.keys()) {
      if (Number.parseInt(key, 10) < before - DAYS_MS) this.asked.delete(key);
    }
  }
}

const DAYS_MS = 3 * 24 * 3_600_000;

/** A stretch that was read in halves has some rows twice. */
function distinct(rows: readonly EndedPush[]): EndedPush[] {
  const seen = new Map(rows.map((row) => [JSON.stringify(row.row), row]));
  return [...seen.values()];
}
