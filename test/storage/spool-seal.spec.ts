/** How long callbacks of the spool wait for keys that the host's function does not give. */
import { expect, it } from 'vitest';

import type { TimeScale } from '../../src/common/time-scale.js';
import { SpoolSeal } from '../../src/storage/spool/spool.seal.js';

const MINUTE = 60_000;
const KEY = 'KeyOfTheSpool2026';

async function sealed() {
  let time = 0;
  let isAway = false;
  let asked = 0;
  const keys = () => {
    asked++;
    if (isAway) throw new Error('away');
    return [KEY];
  };
  const seal = new SpoolSeal({ keys, urlToken: null }, { now: () => time } as TimeScale);
  const callback = {
    position: 1,
    receivedAt: 1,
    routeKind: null,
    remoteAddress: null,
    body: '{"app":"push.example.com"}',
    bodyEncoding: 'utf8' as const,
  };
  const row = { ...callback, seal: await seal.of(callback) };
  return {
    at: (milliseconds: number, away: boolean) => {
      time = milliseconds;
      isAway = away;
      const before = asked;
      return seal.verdictsOn([row, row]).then(
        (verdicts) => ({ verdicts, asked: asked - before }),
        (error: Error) => ({ verdicts: error.message, asked: asked - before }),
      );
    },
    sealAnother: () => seal.of(callback),
  };
}

it('a minute, in which they are asked for each time; then nobody waits, and they are asked for once a minute', async () => {
  const { at } = await sealed();
  expect(await at(0, true)).toEqual({ verdicts: 'away', asked: 1 });
  expect(await at(MINUTE - 1, true)).toEqual({ verdicts: 'away', asked: 1 });
  expect(await at(MINUTE, true)).toEqual({ verdicts: ['keyless', 'keyless'], asked: 0 });
  expect(await at(2 * MINUTE, true)).toEqual({ verdicts: ['keyless', 'keyless'], asked: 1 });
  expect(await at(2 * MINUTE + 1, false)).toEqual({ verdicts: ['keyless', 'keyless'], asked: 0 });
  expect(await at(3 * MINUTE, false)).toEqual({ verdicts: ['genuine', 'genuine'], asked: 1 });
});

it('a minute anew after a pause, and once they were had', async () => {
  const { at, sealAnother } = await sealed();
  await at(0, true);
  expect(await at(5 * MINUTE, true)).toMatchObject({ verdicts: 'away' });
  expect(await at(6 * MINUTE, true)).toMatchObject({ verdicts: ['keyless', 'keyless'] });
  await at(6 * MINUTE, false);
  await sealAnother();
  expect(await at(6 * MINUTE + 1, true)).toMatchObject({ verdicts: 'away' });
});
