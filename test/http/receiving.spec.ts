import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveCallbackAuditService, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { Injectable } from '@nestjs/common';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type Host } from '../support/application.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';

@Injectable()
class Recorder {
  readonly events: LiveEvent[] = [];
  @OnLiveEvent('*')
  onEvent(event: LiveEvent) {
    this.events.push(event);
  }
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe.each(DATABASES)('with $name', ({ isAbsent, create }) => {
    describe.skipIf(isAbsent)('a signed callback', () => {
      let database: TestDatabase;
      let host: Host;
      beforeAll(async () => {
        database = await create();
        host = await startHost({
          adapter,
          database: database.options,
          module: { providers: [Recorder] },
        });
      });
      afterAll(async () => {
        await host?.close();
        await database?.drop();
      });

      it('is stored, acknowledged and reaches a listener', async () => {
        const answer = await host.send(signCallback(streamPushCallback(), { key: KEY }));
        expect(answer).toMatchObject({ status: 200, text: '{"code":0}' });
        await whenListenersDone(host.app);
        expect(host.app.get(Recorder).events).toHaveLength(1);
        const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
        expect(items).toMatchObject([{ kind: 'stream-push', state: 'accepted' }]);
      });
      it('of 50 identical copies makes one row and one run', async () => {
        const signed = signCallback(streamPushCallback(), { key: KEY });
        const before = host.app.get(Recorder).events.length;
        const answers = await Promise.all(Array.from({ length: 50 }, () => host.send(signed)));
        expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
        await whenListenersDone(host.app);
        expect(host.app.get(Recorder).events).toHaveLength(before + 1);
        const audit = host.app.get(LiveCallbackAuditService, { strict: false });
        const { items } = await audit.find({ limit: 1 });
        expect(items[0]?.deliveriesCount).toBe(50);
        expect((await audit.get(items[0]!.id))?.deliveries).toMatchObject([
          { listener: 'Recorder.onEvent', state: 'done', attempts: 1 },
        ]);
      });
    });
  });
});
