import type { Life } from './application-process.js';
import { now } from './clock.js';
import type { Ledger } from './ledger.js';
import type { Outages } from './outages.js';
import { Sample } from './sample.js';

/** Events that a listener handled after a later event of the same stream, by what went on. */
export interface Order {
  /** Answered before the later one was received, and no kill and no outage between their receipt and the run of the later one. */
  readonly misordered: Sample;
  /** Not answered yet when the later one was received by another node: nobody knows which is first. */
  readonly atOnce: Sample;
  readonly acrossKills: Sample;
  readonly acrossOutages: Sample;
}

/** The first successful run of a delivery. */
interface Success {
  readonly listener: string;
  readonly stream: string;
  readonly callback: string;
  readonly life: number;
  readonly began: number;
  readonly ended: number;
  /** Of the callback, Unix milliseconds. */
  readonly received: number;
  /** When it was answered with 200; null when nobody saw that. */
  readonly acked: number | null;
}

const FIRST_SUCCESSES = `
  SELECT r.listener, r.stream, r.callback, r.life, min(r.began) AS began, r.ended, s.received, a.at AS acked
  FROM run r JOIN stored s ON s.callback = r.callback LEFT JOIN acknowledged a ON a.digest = s.digest
  WHERE r.outcome = 'done' AND r.listener <> 'slow'
  GROUP BY r.listener, r.callback
  ORDER BY r.listener, r.stream, r.callback DESC`;

/**
 * Compares the order of the rows, which their time-ordered ids tell, with the order in which a
 * listener that keeps the order of its streams was done with them.
 */
export function judgeOrder(ledger: Ledger, lives: readonly Life[], outages: Outages): Order {
  const order = {
    misordered: new Sample(),
    atOnce: new Sample(),
    acrossKills: new Sample(),
    acrossOutages: new Sample(),
  };
  const epoch = Date.now() - now();
  const areSeveral = lives.some(({ node }) => node > 0);
  const successes = ledger.database.prepare(FIRST_SUCCESSES).iterate() as IterableIterator<Success>;
  /** Of the later events of the stream, the one that began first. */
  let first: Success | undefined;
  for (const success of successes) {
    if (first?.listener !== success.listener || first.stream !== success.stream) first = success;
    if (first.began < success.ended && first !== success) {
      const later = first;
      const from = success.received - epoch;
      const isAcrossOutage = outages.touches(from, later.began);
      const isAcrossKill = lives.some(
        ({ endedAt }) => endedAt !== null && endedAt > from && endedAt < later.began,
      );
      let sample = order.misordered;
      if (isAcrossOutage) sample = order.acrossOutages;
      else if (isAcrossKill) sample = order.acrossKills;
      else if (areSeveral && (success.acked ?? Infinity) > later.received - epoch)
        sample = order.atOnce;
      sample.add(() => `${describe(success, epoch)} after ${describe(later, epoch)}`);
    }
    if (success.began < first.began) first = success;
  }
  return order;
}

function describe(
  { listener, stream, callback, life, began, ended, received, acked }: Success,
  epoch: number,
) {
  return `${listener} on ${callback} of ${stream} (received at ${Math.round(received - epoch)}, answered at ${acked === null ? 'no time' : Math.round(acked)}, life ${life}, begun at ${Math.round(began)}, done at ${Math.round(ended)})`;
}
