import type { DeliveryCounts } from './database.js';

/** What a contender was sent, and what is there at the end. */
export interface Outcome {
  /** Wrong answers. */
  readonly complaints: readonly string[];
  /** Requests that were answered as they should be. */
  readonly answered: number;
  /** Callbacks that were answered with 200. */
  readonly acknowledged: number;
  readonly listeners: number;
  /** Runs of listeners. */
  readonly handled: number;
  /** Rows of the table; null for a contender without one. */
  readonly rows: number | null;
  /** Rows of the delivery table; null for a contender without one. */
  readonly deliveries: DeliveryCounts | null;
}

/** What is wrong: a wrong answer, a callback that was lost or doubled, a delivery that was not made. */
export function problemsOf(outcome: Outcome): string[] {
  const { complaints, answered, acknowledged, listeners, handled, rows, deliveries } = outcome;
  const problems = complaints.map((complaint) => `wrong answer: ${complaint}`);
  if (answered === 0) problems.push('nothing was answered');
  if (rows !== null && rows !== acknowledged) {
    problems.push(`${acknowledged} callbacks were acknowledged, ${rows} are in the table`);
  }
  if (rows !== null && handled !== acknowledged * listeners) {
    problems.push(
      `${acknowledged} callbacks for ${listeners} listeners, but they have run ${handled} times`,
    );
  }
  if (deliveries) {
    const { pending, done, dead } = deliveries;
    if (done !== acknowledged * listeners || pending + dead > 0) {
      problems.push(
        `${acknowledged} callbacks for ${listeners} listeners, but ${done} deliveries are done, ${pending} pending, ${dead} dead`,
      );
    }
  }
  return problems;
}
