/** What the load generator is asked to send. */
export interface LoadOrder {
  /** The connections are spread over them in turn. */
  readonly ports: readonly number[];
  readonly key: string;
  readonly connections: number;
  /** Callbacks per second, whatever the server does; null: each connection sends as soon as it may. */
  readonly rate: number | null;
  /** When to stop, whichever comes first. */
  readonly seconds: number;
  readonly count: number | null;
  /** Number of the first callback: no two of a database share one. */
  readonly first: number;
  /** Whether the signatures are wrong. */
  readonly isForged: boolean;
}

/** What came of it. */
export interface LoadResult {
  readonly seconds: number;
  /** Requests that were sent. */
  readonly sent: number;
  /** Requests that were answered as they should be. */
  readonly answered: number;
  /** Requests whose time came and that no connection was free for until the end; late ones all. */
  readonly unsent: number;
  readonly wrong: number;
  /** What the first wrong answers were. */
  readonly complaints: readonly string[];
  readonly latency: Latency;
  /** How late the generator itself was, ms at p99: part of the latencies at a fixed rate. */
  readonly lagMs: number;
  /** CPU time of the generator per second. Near 1: it is the bottleneck. */
  readonly generatorCpu: number;
}

/** Percentiles, ms. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}
