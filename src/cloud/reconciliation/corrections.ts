import { emitSignal, type LiveCallbackSignals } from '../../common/signals.js';
import type { ComparisonRepair } from '../../sessions/session.comparison.js';
import type { SessionWriter } from '../../sessions/session.writer.js';
import type { WrittenEvent } from '../../sessions/event.rows.js';
import type { CloudStream } from '../reading/cloud.rows.js';
import type { Finding } from './cloud.evidence.js';
import type { ReconciledEvents } from './reconciled.events.js';

type Correction = LiveCallbackSignals['corrected'];

/** So many of the latest are remembered. */
const KEPT = 100;

/** Brings what was found into sessions, and counts it. */
export class Corrections {
  /** The latest first. */
  readonly latest: ComparisonRepair[] = [];
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly writer: SessionWriter,
    private readonly events: ReconciledEvents,
  ) {}

  /** How many so far, by what was missing and how it is known now: `end event-list`. */
  get figures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts);
  }

  /** How many so far. */
  get number(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** What callbacks did not tell; each fact says where it comes from. */
  async bring(findings: readonly Finding[]): Promise<void> {
    if (findings.length === 0) return;
    let written: WrittenEvent[] = [];
    await this.writer.take({ tells: true }, async (manager) => {
      written = await this.events.write(
        manager,
        findings.flatMap(({ events }) => events),
      );
      return findings.map(({ evidence }) => evidence);
    });
    this.events.handOn(written);
    for (const { facts, stream } of findings.map(({ evidence }) => evidence)) {
      const name = stream.name ?? '';
      if (facts.start) this.count({ what: 'start', source: facts.start.source, stream: name });
      if (facts.end) this.count({ what: 'end', source: facts.end.source, stream: name });
      if (facts.seen) this.count({ what: 'start', source: facts.seen.source, stream: name });
    }
  }

  /** Callbacks that were taken in, which tell for themselves. */
  taken(stream: CloudStream, number: number): void {
    for (let left = number; left > 0; left--) {
      this.count({ what: 'callback', source: 'callback-record', stream: stream.name });
    }
  }

  private count(correction: Correction): void {
    const key = `${correction.what} ${correction.source}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.latest.unshift({ ...correction, at: new Date() });
    this.latest.length = Math.min(this.latest.length, KEPT);
    emitSignal('corrected', () => correction);
  }
}
