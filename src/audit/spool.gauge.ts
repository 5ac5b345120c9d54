/** What health has to know of the spool. */
export abstract class SpoolGauge {
  /** Callbacks that wait in the file; null without one. */
  abstract get waiting(): number | null;

  /** @throws the error of SQLite when nothing could be kept in the file now */
  abstract probe(): void;
}
