/** The action that stops a stream, over the official SDK, on the emulator whose streams it stops. */
import { expect, it } from 'vitest';

import { CssEmulator, fixedTarget, VirtualClock } from '../../src/emulator/index.js';
import { onTestFinished } from '../support/current-test.js';
import { scratchApi, sdkClient, sdkCodeOf } from './api-support.js';

const DOMAIN = { DomainName: 'push.example.com', AppName: 'live' };

async function scratchWorld() {
  const directory = fixedTarget({ key: 'KeyOfTheTests123', baseUrl: 'http://127.0.0.1:9/' });
  const emulator = new CssEmulator({ directory, clock: new VirtualClock() });
  onTestFinished(() => emulator.close());
  const client = sdkClient(await scratchApi({ history: emulator }));
  return { emulator, drop: (given: object) => client.request('DropLiveStream', given) };
}

it('ends every push of the stream with the errcode of one that was stopped, and no other stream', async () => {
  const { emulator, drop } = await scratchWorld();
  const push = { domain: 'push.example.com', streamName: 'room' };
  const main = emulator.pushStream(push);
  const backup = emulator.pushStream({ ...push, backup: true });
  const other = emulator.pushStream({ ...push, streamName: 'roommate' });
  await drop({ ...DOMAIN, StreamName: 'room' });
  expect(main.session).toMatchObject({ errcode: 21, errmsg: expect.any(String) as string });
  expect(backup.session.errcode).toBe(21);
  expect(other.isRunning).toBe(true);
});

it('succeeds for a stream that does not run, and asks for its whole name', async () => {
  const { drop } = await scratchWorld();
  expect(await drop({ ...DOMAIN, StreamName: 'nobody' })).toHaveProperty('RequestId');
  expect(await sdkCodeOf(drop({ StreamName: 'nobody' }))).toBe('MissingParameter');
});
