import type { Ledger } from './ledger.js';
import { Sample } from './sample.js';

/** What is wrong with the tables in the end. */
export interface Comparison {
  readonly acked: number;
  readonly lost: Sample;
  readonly open: Sample;
  readonly dead: Sample;
  readonly undelivered: Sample;
  readonly wrongEffects: Sample;
  readonly doubled: Sample;
}

/** Compares what was acknowledged and what the listeners did with what is in the tables. */
export function compare(ledger: Ledger): Comparison {
  const handled = (listener: string) =>
    `EXISTS (SELECT 1 FROM run r
       WHERE r.listener = '${listener}' AND r.callback = s.callback AND r.outcome = 'done')`;
  return {
    acked: ledger.count('SELECT count(*) FROM acknowledged'),
    lost: sampleOf(
      ledger,
      `SELECT label FROM acknowledged a
       WHERE NOT EXISTS (SELECT 1 FROM stored s WHERE s.digest = a.digest)`,
    ),
    open: sampleOf(ledger, deliveriesThatAre('pending')),
    dead: sampleOf(ledger, deliveriesThatAre('dead')),
    // What the transactional listener did shows in its effects.
    undelivered: sampleOf(
      ledger,
      `SELECT kind || ' ' || callback FROM stored s
       WHERE NOT ${handled('plain')} OR (kind = 'record-file' AND NOT ${handled('slow')})`,
    ),
    wrongEffects: sampleOf(
      ledger,
      `SELECT callback || ': ' || n FROM (
         SELECT s.callback, s.kind, (SELECT count(*) FROM effect e WHERE e.callback = s.callback) AS n
         FROM stored s)
       WHERE n <> (kind = 'stream-push')
       UNION ALL
       SELECT callback || ': of no stored event' FROM effect
       WHERE callback NOT IN (SELECT callback FROM stored)`,
    ),
    doubled: sampleOf(
      ledger,
      'SELECT group_concat(callback) FROM stored GROUP BY digest HAVING count(*) > 1',
    ),
  };
}

function deliveriesThatAre(state: string): string {
  return `SELECT listener || ' on ' || callback FROM delivery WHERE state = '${state}'`;
}

function sampleOf(ledger: Ledger, sql: string): Sample {
  const sample = new Sample();
  const texts = ledger.database.prepare(sql).pluck().iterate() as IterableIterator<string>;
  for (const text of texts) sample.add(() => text);
  return sample;
}
