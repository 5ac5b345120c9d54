import type { DataSourceOptions } from 'typeorm';

/** A way to take a database away, or Redis. */
export interface Fault {
  readonly kind: string;
  /** How long it lasts, at least and at most, ms. */
  readonly duration: readonly [min: number, max: number];
  /** Resolves when a database commits nothing any more. */
  begin(): Promise<void>;
  /** Resolves when it takes work again. */
  end(): Promise<void>;
}

/** A database of the harness's own, with what can happen to it. */
export interface FaultyDatabase {
  readonly options: DataSourceOptions;
  readonly faults: readonly Fault[];
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** Short faults are over before any deadline of the application… */
export const SHORT = [500, 4_000] as const;
/** …and long ones after all of them. */
export const LONG = [9_000, 11_000] as const;
