/** What forged requests cost the database: next to nothing, however many come. */
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { LiveCallbackAuditService } from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const SECONDS = 4;

for (const { name, isAbsent, create } of DATABASES) {
  it.skipIf(isAbsent)(
    `forged requests are less than one statement a second (${name})`,
    async () => {
      const host = await scratchHost({ database: await scratchDatabase(create) });
      const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
      const statements: string[] = [];
      dataSource.logger.logQuery = (statement) => void statements.push(statement);
      const countOf = async (work: () => Promise<unknown>) => {
        statements.length = 0;
        await work();
        return statements.length;
      };
      const idle = await countOf(() => sleep(SECONDS * 1_000));
      let sent = 0;
      const flooded = await countOf(async () => {
        const end = Date.now() + SECONDS * 1_000;
        const flood = async () => {
          while (Date.now() < end) {
            const forged = signCallback(streamPushCallback(), { key: 'ForgedKey2026abcde' });
            expect((await host.send(forged)).status).toBe(401);
            sent++;
          }
        };
        await Promise.all(Array.from({ length: 16 }, flood));
      });
      expect(sent).toBeGreaterThan(20 * SECONDS);
      expect(flooded).toBeGreaterThan(0); // what is counted is written, and seen here
      // Of the poller one more or less may fall into the time.
      expect(flooded - idle).toBeLessThanOrEqual(SECONDS + 1);
      await host.app.get(RejectionRecorder, { strict: false }).flush();
      const { items } = await host.app
        .get(LiveCallbackAuditService, { strict: false })
        .rejections();
      expect(items.reduce((sum, { count }) => sum + count, 0)).toBe(sent);
    },
  );
}
