import type { DataSource } from 'typeorm';

import { LiveReconciliation } from '../../storage/entities/index.js';

/** How the comparison with what the cloud knows stands, whichever process makes it. */
export interface ReconciliationStanding {
  /**
   * `refused`: the cloud does not admit the key. `failing`: the latest comparison went wrong otherwise.
   * `behind`: nobody compares, or what a standstill has left is not made up for yet.
   */
  readonly status: 'up' | 'behind' | 'failing' | 'refused';
  /** How long ago all there was had been compared; null until that is known. */
  readonly behindSeconds: number | null;
  /** How old the watermark is, which stays behind by what the cloud is late; null before the first time. */
  readonly watermarkSeconds: number | null;
}

/** It is compared each minute; one comparison may take its time. */
const BEHIND_SECONDS = 180;
/** Who has not compared for so long was taken out, ms. */
const GONE_MS = 7 * 86_400_000;

/**
 * @param now by the clock of those who compare, Unix milliseconds
 * @returns null where nobody has compared the registration for a week
 */
export async function readReconciliation(
  dataSource: DataSource,
  registration: string,
  now: number,
): Promise<ReconciliationStanding | null> {
  const row = await dataSource.getRepository(LiveReconciliation).findOneBy({ registration });
  const aliveAt = row?.aliveAt?.getTime();
  if (!row || aliveAt === undefined || now - aliveAt > GONE_MS) return null;
  const secondsSince = (time: Date | null) =>
    time && Math.max(0, Math.round((now - time.getTime()) / 1000));
  const behindSeconds = secondsSince(row.caughtUpAt);
  const isBehind = behindSeconds !== null && behindSeconds > BEHIND_SECONDS;
  return {
    status: row.failure ?? (isBehind ? 'behind' : 'up'),
    behindSeconds,
    watermarkSeconds: secondsSince(row.watermarkAt),
  };
}
