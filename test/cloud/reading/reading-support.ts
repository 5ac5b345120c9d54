import { CloudReader, TencentCloudApi, type CloudReaderOptions } from '../../../src/cloud/index.js';
import {
  CssEmulator,
  EMULATOR_CREDENTIAL,
  VirtualClock,
  type CloudApiServerOptions,
  type CssEmulatorOptions,
} from '../../../src/emulator/index.js';
import { scratchApi } from '../../emulator/api-support.js';

export const DOMAIN = 'push.example.com';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** An emulated cloud on a virtual clock, with a reader that waits by the same clock. */
export async function scratchCloud({
  server: serverOptions = {},
  reader: readerOptions = {},
  emulator: emulatorOptions = {},
}: {
  server?: CloudApiServerOptions;
  reader?: Partial<CloudReaderOptions>;
  emulator?: Partial<CssEmulatorOptions>;
} = {}) {
  const clock = new VirtualClock({ startAt: Date.parse('2026-03-10T12:00:00Z') });
  const directory = { targetOf: () => undefined };
  const emulator = new CssEmulator({ directory, clock, historyLimit: 100_000, ...emulatorOptions });
  const now = () => clock.now();
  const server = await scratchApi({ history: emulator, now, ...serverOptions });
  const api = new TencentCloudApi({ endpoint: server.url, credentials: EMULATOR_CREDENTIAL });
  const edition = serverOptions.edition ?? 'mainland';
  const pace = { now, sleep: (ms: number) => clock.advance(ms) };
  const reader = new CloudReader({ api, edition, pace, ...readerOptions });
  return { clock, emulator, server, api, reader, pace };
}
