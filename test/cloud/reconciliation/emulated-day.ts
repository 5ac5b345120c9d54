import type { ApiFault } from '../../../src/emulator/index.js';
import { seededRandom } from '../../support/seeded-random.js';
import { DOMAIN, HOUR, MINUTE, type Reconciled } from './reconciled-host.js';

/** A network on which three callbacks of ten get lost, and the others are late and out of order. */
export const BAD_NETWORK = { seed: 7, lost: 0.3, late: 0.7, maxDelayMs: 10 * MINUTE };

/** How late the cloud knows of things. */
export const DELAYS = { onlineMs: 20_000, eventsMs: 8 * MINUTE, recordsMs: MINUTE };

/** Answers of which half are failures of one kind or another. */
export const HALF_FAILS: readonly ApiFault[] = (
  [
    { error: 'InternalError' },
    { error: 'RequestLimitExceeded' },
    { status: 502 },
    { notJson: true },
    { lessRows: 1 },
    { without: 'TotalNum' },
  ] as const
).map((effect) => ({ action: '*', rate: 0.11, effect }));

export interface EmulatedDay {
  readonly streams: number;
  readonly hours: number;
  readonly seed: number;
}

/**
 * Lets streams be pushed for some hours: each for minutes to hours, again after seconds or after hours, some of
 * them twice at once; and then until the last callback is through.
 */
export async function liveThrough(live: Reconciled, { streams, hours, seed }: EmulatedDay) {
  const { clock, emulator, pass } = live;
  const source = seededRandom(seed);
  const random = () => source.below(1_000_000) / 1_000_000;
  const end = clock.now() + hours * HOUR;
  const between = (from: number, to: number) => Math.round(from + random() * (to - from));
  const pushAgain = (streamName: string, inMs: number): void => {
    if (clock.now() + inMs >= end) return;
    clock.setTimeout(() => {
      const stream = emulator.pushStream({ domain: DOMAIN, streamName });
      const backup = random() < 0.1;
      const lasts = between(20_000, 3 * HOUR);
      if (backup) {
        clock.setTimeout(
          () => {
            if (!stream.isRunning) return;
            const other = emulator.pushStream({ domain: DOMAIN, streamName, backup });
            clock.setTimeout(
              () => {
                if (other.isRunning && clock.now() <= end) other.interrupt();
              },
              between(30_000, HOUR),
            );
          },
          between(10_000, lasts),
        );
      }
      clock.setTimeout(() => {
        if (!stream.isRunning || clock.now() > end) return;
        stream.interrupt({ errcode: 3 });
        const isReconnect = random() < 0.4;
        pushAgain(streamName, isReconnect ? between(5_000, 50_000) : between(2, 4) * HOUR);
      }, lasts);
    }, inMs);
  };
  for (let index = 0; index < streams; index++) pushAgain(`room-${index}`, between(0, HOUR));
  await pass(hours * HOUR);
  for (const stream of emulator.streams()) if (random() < 0.7) stream.interrupt({ errcode: 1 });
  // The sender gives up after 16 minutes, and the list may be as late.
  await pass(35 * MINUTE);
}
