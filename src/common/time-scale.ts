/** Name of the option, for tests of the module itself, that gives it another {@link TimeScale}. @internal */
export const TIME_SCALE = Symbol('LIVE_CALLBACK_TIME_SCALE');

/**
 * How fast time passes for leases, polls, retries and reconnects, in this process and in the statements
 * that ask the database for its time. Tests let hours pass in seconds; in production the factor is 1.
 */
export class TimeScale {
  /**
   * @param factor how many milliseconds pass in a real one
   * @param origin Unix milliseconds at which scaled and real time are the same; of all processes that
   *   share a database
   */
  constructor(
    private readonly factor = 1,
    private readonly origin = Date.now(),
  ) {}

  /** Milliseconds since some moment of this process; they never go back. */
  now(): number {
    return performance.now() * this.factor;
  }

  /** How long a timer is to run for a period, real milliseconds. */
  real(milliseconds: number): number {
    return milliseconds / this.factor;
  }

  /** The time of the database as an expression. @param now its real time as an expression, Unix ms */
  sql(now: string): string {
    if (this.factor === 1) return now;
    return `(${this.origin} + (${now} - ${this.origin}) * ${this.factor})`;
  }
}
