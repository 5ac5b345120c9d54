/** A stream by its place. */
export interface ComparedStream {
  /** Push domain. */
  readonly domain: string;
  /** Push path (AppName). */
  readonly path: string;
  readonly name: string;
}

/** One comparison. */
export interface ComparisonCycle {
  readonly at: Date;
  readonly tookMs: number;
  /** Whether this process was the one that compares. */
  readonly isLeader: boolean;
  /** Whether everything that was asked was answered. */
  readonly isWhole: boolean;
  /** Facts that were brought in. */
  readonly corrections: number;
  readonly failures: readonly string[];
}

/** A fact that no callback has told, and was brought in. */
export interface ComparisonRepair {
  readonly at: Date;
  readonly what: 'start' | 'end' | 'callback';
  /** How it is known, as in sessions. */
  readonly source: string;
  readonly stream: string;
}

/** A push that is open here and missing from what is live elsewhere. */
export interface ComparisonSuspect extends ComparedStream {
  readonly sessionId: string;
  readonly startedAt: Date;
  readonly missingSince: Date;
  /** Lists that lacked it. */
  readonly lists: number;
}

/** Questions of one kind, and how many a second there may be. */
export interface ComparisonCalls {
  readonly action: string;
  readonly perSecond: number;
  /** By outcome: `ok`, or a code. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** How a comparison is. Cycles, repairs, suspects and calls are those of this process since its start. */
export interface ComparisonOverview {
  readonly domains: readonly string[];
  /** Null: all of them. */
  readonly paths: readonly string[] | null;
  readonly edition: string;
  readonly settleSeconds: number;
  readonly patienceSeconds: number;
  readonly isLeader: boolean;
  /** Whether any process compares. */
  readonly hasLeader: boolean;
  readonly isCaughtUp: boolean;
  /** Pushes that ended before have been compared; null before the first time. */
  readonly watermarkAt: Date | null;
  readonly listDelaySeconds: number;
  /** The latest first, as the lists below. */
  readonly cycles: readonly ComparisonCycle[];
  /** How many so far, by what was missing and how it is known: `end event-list`. */
  readonly corrections: Readonly<Record<string, number>>;
  readonly repairs: readonly ComparisonRepair[];
  readonly suspects: readonly ComparisonSuspect[];
  readonly calls: readonly ComparisonCalls[];
}

/** A push of which more is known elsewhere. */
export interface ComparisonDifference extends ComparedStream {
  /** What lacks here: all of the push, or its end. */
  readonly missing: 'push' | 'end';
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** What a comparison on demand has found. */
export interface ComparisonResult {
  /** Of a dry run: the first of what would be brought in, and how much that is in all. */
  readonly differences: readonly ComparisonDifference[];
  readonly count: number;
  /** Of another run. */
  readonly cycle: ComparisonCycle | null;
}

/** Compares the sessions of a registration with what is known elsewhere; provided by whoever does. */
export abstract class SessionComparison {
  /** Name of the registration. */
  abstract readonly registration: string;
  /** How it is. */
  abstract overview(): Promise<ComparisonOverview>;
  /** Compares what has ended since a time, and changes nothing where it is dry. */
  abstract run(order: { from: Date; dryRun: boolean }): Promise<ComparisonResult>;
}
