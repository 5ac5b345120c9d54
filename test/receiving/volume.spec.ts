/** What one pair may bring: whoever has seen it can send with it until it expires. */
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CallbackRefusedError,
  LiveCallbackAuditService,
  onLiveCallbackSignal,
} from '../../src/index.js';
import type { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { VolumeWatch } from '../../src/receiving/volume.watch.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';

const MIB = 2 ** 20;

it('a pair that brings more than its quota is refused, other pairs are not', async () => {
  let now = Date.now();
  const clock = () => now;
  const host = await scratchHost({ options: { pairQuotaBytes: 8 * MIB, bodyLimit: MIB, clock } });
  const send = async (n: number, filler = '') => {
    const callback = streamPushCallback({ sequence: String(n), stream_param: filler });
    return (await host.send(signCallback(callback, { key: KEY, clock }))).status;
  };
  const large = 'x'.repeat(1_000_000);
  const statuses = [];
  for (let n = 0; n < 10; n++) statuses.push(await send(n, large));
  expect(statuses).toEqual([...Array<number>(8).fill(200), 503, 503]);
  now += 1_000; // the next second has a pair of its own
  expect(await send(20)).toBe(200);
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  expect((await audit.find({ limit: 50 })).items).toHaveLength(9);
  await expect
    .poll(async () => (await audit.rejections({})).items)
    .toMatchObject([{ reason: 'pair-quota', count: 2 }]);
});

describe('a pair whose quota somebody has used up', () => {
  const pair = { t: 1_790_000_000, sign: '0'.repeat(32) };
  const config = { pairQuotaBytes: 64 * MIB, clock: Date.now } as LiveCallbackConfig;
  const newWatch = () => {
    const volume = new VolumeWatch(config);
    for (let n = 0; n < 64; n++) volume.add(pair, MIB, '192.0.2.1');
    return volume;
  };

  it('has not another one where its t is written as a text', () => {
    const volume = newWatch();
    const other = { ...pair, t: String(pair.t) };
    expect(() => volume.add(other, 1_000, '192.0.2.1')).toThrow(CallbackRefusedError);
  });

  it('is still taken from other addresses, and from that one no more', () => {
    const volume = newWatch();
    expect(() => volume.add(pair, 1_000, '192.0.2.1')).toThrow(CallbackRefusedError);
    for (let n = 0; n < 1_000; n++) volume.add(pair, 1_000, '198.51.100.1');
    expect(() => volume.add(pair, MIB, '198.51.100.1')).toThrow(CallbackRefusedError);
  });

  it('brings no more than twice as much from however many addresses', () => {
    const volume = newWatch();
    let taken = 0;
    const reasons = new Set<unknown>();
    for (let n = 0; n < 5_000; n++) {
      try {
        volume.add(pair, 100_000, `198.51.${n >> 8}.${n % 256}`);
        taken += 100_000;
      } catch (error) {
        reasons.add((error as CallbackRefusedError).reason);
      }
    }
    expect([...reasons]).toEqual(['pair-quota']);
    expect(taken).toBeLessThanOrEqual(64 * MIB);
    expect(taken).toBeGreaterThan(63 * MIB);
  });
});

it('what a minute brings is a signal, and a log line where it is unusual', async () => {
  let now = 1_790_000_000_000;
  const clock = () => now;
  const logger = new LogLines();
  const heard: unknown[] = [];
  onTestFinished(onLiveCallbackSignal('volume', (message) => heard.push(message)));
  const host = await scratchHost({
    options: { bodyLimit: 8 * MIB, clock },
    application: { logger },
  });
  const sizes: number[] = [];
  const send = async (filler: number) => {
    const callback = streamPushCallback({
      sequence: String(now),
      stream_param: 'x'.repeat(filler),
    });
    const signed = signCallback(callback, { key: KEY, clock });
    expect((await host.send(signed)).status).toBe(200);
    sizes.push(Buffer.byteLength(signed.body));
  };
  await send(0);
  for (let n = 0; n < 17; n++) {
    now += 1_000;
    await send(8_000_000);
  }
  expect(heard).toEqual([]);
  expect(logger.of('warn').join('\n')).toContain(
    'More than 128 MiB of callbacks came within a minute',
  );
  now += 60_000;
  await send(0);
  const bytes = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
  expect(heard).toEqual([{ bytes, callbacks: 18 }]);
});
