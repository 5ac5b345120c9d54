/** A SQLite file on the disk of another machine, where locks do not hold. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { LiveCallbackHealth } from '../../src/index.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';

const NFS = 0x6969;

const { statfsSync } = fs;

beforeAll(() => {
  fs.statfsSync = (() => ({ type: NFS })) as unknown as typeof statfsSync;
  syncBuiltinESMExports();
});

afterAll(() => {
  Object.assign(fs, { statfsSync });
  syncBuiltinESMExports();
});

it('is a risk that log and health tell', async () => {
  const logger = new LogLines();
  const host = await scratchHost({ application: { logger } });
  expect(logger.of('warn').join()).toMatch(/lies on NFS, whose locks do not hold.*local disk/);
  const { storage } = await host.app.get(LiveCallbackHealth, { strict: false }).report();
  expect(storage).toEqual({ status: 'up', findings: ['network-file'] });
});
