/** What a load has come to. Times are milliseconds. */
export interface LoadReport {
  readonly sent: number;
  /** Answered with 200. */
  readonly acknowledged: number;
  /** Answered with anything else, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Not answered, by reason. */
  readonly unanswered: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly acknowledgedPerSecond: number;
  /** Of acknowledged callbacks; null when there are none. */
  readonly latency: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>> | null;
}

/** One callback that was sent. */
export interface LoadEntry {
  readonly kind: string;
  readonly stream: string;
  readonly sequence: string;
}

/** Every request of a load, and what came of it. */
export class LoadLedger {
  private readonly acknowledged = new Map<string, Set<string>>();
  private readonly latencies: number[] = [];
  private readonly refused = new Map<string, number>();
  private readonly unanswered = new Map<string, number>();

  /** Enters a request; `null` for a status means that there was no answer. */
  enter(entry: LoadEntry, status: number | null, error: string | null, latencyMs: number): void {
    if (status === null) return increment(this.unanswered, error ?? 'no answer');
    if (status !== 200) return increment(this.refused, String(status));
    this.latencies.push(latencyMs);
    const entries = this.acknowledged.get(entry.stream) ?? new Set();
    this.acknowledged.set(entry.stream, entries.add(nameOf(entry)));
  }

  get acknowledgedCount(): number {
    return this.latencies.length;
  }

  get sentCount(): number {
    return this.acknowledgedCount + sum(this.refused) + sum(this.unanswered);
  }

  /** Streams with acknowledged callbacks. */
  get streams(): readonly string[] {
    return [...this.acknowledged.keys()];
  }

  /** Strikes out a callback of a stream that was found; what is left is missing. */
  found(entry: LoadEntry): void {
    this.acknowledged.get(entry.stream)?.delete(nameOf(entry));
  }

  /** Acknowledged callbacks that were not found, as `kind stream sequence`. */
  missing(): string[] {
    return [...this.acknowledged].flatMap(([stream, entries]) =>
      [...entries].map((entry) => entry.replace(' ', ` ${stream} `)),
    );
  }

  report(seconds: number): LoadReport {
    const sorted = this.latencies.toSorted((a, b) => a - b);
    const at = (share: number) =>
      round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return {
      sent: this.sentCount,
      acknowledged: sorted.length,
      refused: Object.fromEntries(this.refused),
      unanswered: Object.fromEntries(this.unanswered),
      seconds: round(seconds),
      acknowledgedPerSecond: round(sorted.length / seconds),
      latency:
        sorted.length === 0 ? null : { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
    };
  }
}

function nameOf({ kind, sequence }: LoadEntry): string {
  return `${kind} ${sequence}`;
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
