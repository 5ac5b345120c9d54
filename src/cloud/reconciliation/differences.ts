import { groupBy } from '../../common/group-by.js';
import { SAME_MS } from '../../events/push-beginning.js';
import type { CloudReader, Stretch } from '../reading/cloud.reader.js';
import type { CloudStream } from '../reading/cloud.rows.js';
import { keyOf, type KnownPushes } from './known.pushes.js';
import { paired } from './pairing.js';

/** A push of which the cloud knows more than the tables. */
export interface Difference extends CloudStream {
  /** What the tables lack: all of the push, or its end. */
  readonly missing: 'push' | 'end';
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** A question may span so much, ms. */
const LONGEST_SPAN_MS = 30 * 24 * 3_600_000;

/** A stretch of time in parts of which each can be asked for. */
export function stretchesOf(from: number, to: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (let begin = from; begin < to; begin += LONGEST_SPAN_MS) {
    stretches.push({ from: begin, to: Math.min(begin + LONGEST_SPAN_MS, to) });
  }
  return stretches;
}

/**
 * What the event list tells of pushes that the tables do not know. Changes nothing.
 *
 * @throws CloudApiError, CloudAnswerError, and the database's error
 */
export async function differencesOf(
  reader: CloudReader,
  known: KnownPushes,
  domain: string,
  stretch: Stretch,
): Promise<Difference[]> {
  const rows = await reader.ended(domain, stretch);
  const first = rows.reduce((time, { startedAt }) => Math.min(time, startedAt), stretch.to);
  const pushes = await known.ofStreams(rows, first - SAME_MS);
  return [...groupBy(rows, keyOf)].flatMap(([key, ofStream]) => {
    const pairs = paired(ofStream, pushes.get(key) ?? []);
    return ofStream.flatMap((row): Difference[] => {
      const push = pairs.get(row);
      if (push && push.endedAt !== null) return [];
      const { path, name, startedAt, endedAt } = row;
      const times = { startedAt: new Date(startedAt), endedAt: new Date(endedAt) };
      return [{ missing: push ? 'end' : 'push', domain: row.domain, path, name, ...times }];
    });
  });
}
