/** A list of ended pushes that is longer than the cloud lets anybody read. */
import { expect, it } from 'vitest';

import { DOMAIN, MINUTE, scratchCloud } from './reading-support.js';

it('a list of more rows than can be reached is read in halves', async () => {
  const { clock, emulator, server, reader: cloud } = await scratchCloud();
  const began = clock.now();
  for (let index = 0; index < 10_050; index++) {
    if (index % 4_000 === 3_999) await clock.advance(MINUTE);
    emulator.pushStream({ domain: DOMAIN, streamName: `room-${index}` }).interrupt();
  }
  await clock.advance(MINUTE);
  const pushes = await cloud.ended(DOMAIN, { from: began, to: clock.now() });
  expect(new Set(pushes.map(({ name }) => name)).size).toBe(10_050);
  expect(server.peakOf('DescribeLiveStreamEventList')).toBeLessThanOrEqual(60);
});
