/** The URL that stands in the console works, however it is written, on both adapters. */
import { describe, expect, it } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY } from '../support/application.js';
import { scratchHost } from '../support/scratch.js';

describe.each(ADAPTERS)('on %s, a callback is taken', (adapter) => {
  it('at each way to write its URL, behind a prefix of the host too', async () => {
    for (const prefix of ['', '/api/v1']) {
      const host = await scratchHost({
        adapter,
        configure: (app) => void (prefix && app.setGlobalPrefix(prefix)),
      });
      for (const path of [
        '/',
        '//',
        '/stream-push',
        '/stream-push/',
        '//Stream-Push',
        '/%73tream-push',
        '?a=1',
      ]) {
        for (const base of ['/live-callback', '//live-callback', '/Live-Callback']) {
          const { status } = await host.send(
            signCallback(streamPushCallback(), { key: KEY }),
            prefix + base + path,
          );
          expect({ path: prefix + base + path, status }).toEqual({
            path: prefix + base + path,
            status: 200,
          });
        }
      }
      const other = await host.post(`${prefix}/live-callbacks`, { headers: {}, body: '{}' });
      expect(other.status).toBe(404);
    }
  });
});
