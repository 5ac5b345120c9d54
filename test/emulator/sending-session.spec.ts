/**
 * A whole live session of the emulator against an application with the module, on virtual time: the
 * application is away for five minutes in the middle, and in the end everything that happened is
 * stored once and has reached the listener once.
 */
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CssEmulator,
  fixedTarget,
  VirtualClock,
  type CallbackAttempt,
} from '../../src/emulator/index.js';
import { LiveCallbackAuditService, type CallbackRow, type LiveEvent } from '../../src/index.js';
import { whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { EventRecorder } from '../support/event-recorder.js';
import { freePort } from '../support/free-port.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const MINUTE = 60_000;
/** The module does not take anything that came after `t`, here as in production. */
const STRICT = { expiryGraceSeconds: 0 };

async function setUp() {
  const clock = new VirtualClock();
  const database = await scratchDatabase();
  const port = await freePort();
  const startApplication = () =>
    scratchHost({
      database,
      port,
      options: { ...STRICT, clock: () => clock.now() },
      module: { providers: [EventRecorder] },
    });
  const emulator = new CssEmulator({
    directory: fixedTarget({ key: KEY, baseUrl: `http://127.0.0.1:${port}/live-callback` }),
    clock,
  });
  onTestFinished(() => emulator.close());
  return { clock, emulator, startApplication };
}

/** What an application has handed to its listener. */
async function eventsOf({ app }: Host): Promise<readonly LiveEvent[]> {
  await whenListenersDone(app);
  return app.get(EventRecorder).events;
}

const rowsOf = async ({ app }: Host): Promise<readonly CallbackRow[]> =>
  (await app.get(LiveCallbackAuditService, { strict: false }).find({ limit: 200 })).items;

/** Minutes after the first attempt, of one callback. */
function minutesOf(attempts: readonly CallbackAttempt[], callbackId: string): readonly number[] {
  const mine = attempts.filter((attempt) => attempt.callbackId === callbackId);
  return mine.map(({ at }) => (at - mine[0]!.at) / MINUTE);
}

describe('a session', () => {
  it('is stored and delivered once, though the receiver is away for five minutes', async () => {
    const { clock, emulator, startApplication } = await setUp();
    const before = await startApplication();
    const stream = emulator.pushStream({
      domain: 'push.example.com',
      streamName: 'room',
      screenshots: { intervalMs: 20_000, hitEvery: 3 },
      record: { format: 'mp4', sliceMs: 2 * MINUTE },
    });
    await clock.advance(MINUTE + 5_000);
    const seenBefore = await eventsOf(before);

    await before.close();
    const wentDownAt = clock.now();
    const picture = stream.screenshot();
    const error = stream.pushError();
    await clock.advance(3 * MINUTE);
    const interruption = stream.interrupt({ errcode: 3 });
    await clock.advance(2 * MINUTE);
    expect(emulator.attempts().filter(({ at }) => at >= wentDownAt)).not.toEqual([]);
    expect(
      emulator.attempts().every(({ at, isAcknowledged }) => isAcknowledged === at < wentDownAt),
    ).toBe(true);

    const after = await startApplication();
    await clock.advance(20 * MINUTE);
    const events = [...seenBefore, ...(await eventsOf(after))];
    const rows = await rowsOf(after);

    // Away from 0:00 to 5:00 inclusive; the interruption was at 3:00.
    expect(minutesOf(emulator.attempts(), error.id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(minutesOf(emulator.attempts(), picture.id)).toEqual([0, 2, 4, 6]);
    expect(minutesOf(emulator.attempts(), interruption.id)).toEqual([0, 1, 2, 3]);

    const counts: Record<string, number> = {};
    for (const { kind } of rows) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toEqual({
      'stream-push': 1,
      screenshot: 12 + 1,
      'image-audit': 4,
      'push-error': 1,
      'record-status': 2,
      'record-file': 3,
      'stream-interrupt': 1,
    });
    const sent = new Set(emulator.attempts().map(({ callbackId }) => callbackId));
    expect(rows).toHaveLength(sent.size);
    for (const row of rows) {
      expect(row).toMatchObject({ state: 'accepted', conflicting: false, receiptsCount: 1 });
      expect(row.receivedAt.getTime()).toBeLessThanOrEqual(clock.now());
    }
    expect(events.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());

    const ofPush = rows.filter(({ sequence }) => sequence === stream.sequence);
    expect(ofPush.map(({ kind }) => kind).toSorted()).toEqual([
      'push-error',
      'stream-interrupt',
      'stream-push',
    ]);
    expect(emulator.sessions()).toMatchObject([{ sequence: stream.sequence, errcode: 3 }]);
  });

  it('is lost in part when the receiver is away for longer than the sender has patience', async () => {
    const { clock, emulator, startApplication } = await setUp();
    const stream = emulator.pushStream({ domain: 'push.example.com', streamName: 'room' });
    await clock.advance(5 * MINUTE);
    const picture = stream.screenshot();
    await clock.advance(6 * MINUTE);
    const interruption = stream.interrupt();
    await clock.advance(2 * MINUTE);

    const host = await startApplication();
    await clock.advance(20 * MINUTE);
    await expect(stream.pushed.outcome).resolves.toBe('given-up');
    await expect(picture.outcome).resolves.toBe('acknowledged');
    await expect(interruption.outcome).resolves.toBe('acknowledged');
    const kinds = (await rowsOf(host)).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['screenshot', 'stream-interrupt']);
  });

  it('that is not signed anew expires under way at a strict receiver', async () => {
    const { clock, startApplication } = await setUp();
    const host = await startApplication();
    const emulator = new CssEmulator({
      directory: fixedTarget({ key: KEY, baseUrl: `${host.url}/live-callback` }),
      clock,
      resign: false,
    });
    onTestFinished(() => emulator.close());
    emulator.inject('lost-request', { attempts: 8 });
    const { pushed } = emulator.pushStream({ domain: 'push.example.com', streamName: 'room' });
    await clock.advance(30 * MINUTE);
    // A lost request costs 80 s: the eighth retry comes 640 s after the signature, which held 600.
    await expect(pushed.outcome).resolves.toBe('given-up');
    expect(emulator.attempts().map(({ status }) => status)).toEqual([
      ...Array.from({ length: 8 }, () => null),
      ...Array.from({ length: 5 }, () => 401),
    ]);
    expect(await rowsOf(host)).toEqual([]);
  });
});
