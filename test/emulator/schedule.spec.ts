/**
 * When the emulated sender comes again, attempt by attempt: per kind and preset on the virtual
 * clock, measured from the failure and from the start, and once in real time.
 */
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CssEmulator,
  fixedTarget,
  RETRY_PROFILES,
  shortenProfile,
  VirtualClock,
  type CallbackAttempt,
  type CssEmulatorOptions,
  type RetryProfileName,
} from '../../src/emulator/index.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { KEY } from '../support/application.js';
import { answering, startReceiver, type CallbackReceiver } from '../support/callback-receiver.js';
import { freePort } from '../support/free-port.js';

const HOUR = 3_600_000;
const TWELVE_MINUTES = [60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 660, 720];
const THREE_MINUTES = [60, 120, 180];
const KINDS = new EventCatalog().definitions.map(({ kind }) => kind);

/** Seconds after the first attempt, by the rules of each time (docs/protocol.md, 2.2 and 2.3). */
const SCHEDULE: Record<RetryProfileName, (kind: string) => readonly number[]> = {
  current: (kind) => {
    if (kind === 'screenshot') return [120, 240, 360, 480, 600];
    return ['subtitles', 'smart-erase'].includes(kind) ? THREE_MINUTES : TWELVE_MINUTES;
  },
  legacy2019: () => THREE_MINUTES,
  legacy2016: () => [3, 6, 9],
  ai: () => THREE_MINUTES,
};
const CASES = (Object.keys(SCHEDULE) as RetryProfileName[]).flatMap((profile) =>
  KINDS.map((kind) => ({ profile, kind, seconds: SCHEDULE[profile](kind) })),
);

function emulatorFor(baseUrl: string, options: Partial<CssEmulatorOptions> = {}) {
  const emulator = new CssEmulator({ directory: fixedTarget({ key: KEY, baseUrl }), ...options });
  onTestFinished(() => emulator.close());
  const stream = emulator.pushStream({ domain: 'push.example.com', streamName: 'room' });
  return { emulator, stream };
}

/** Attempts of the callback that is not the push. */
function attemptsOf(emulator: CssEmulator, callbackId: string): readonly CallbackAttempt[] {
  return emulator.attempts().filter((attempt) => attempt.callbackId === callbackId);
}

const secondsBetween = (attempts: readonly CallbackAttempt[]) =>
  attempts.slice(1).map(({ at }) => (at - attempts[0]!.at) / 1000);

it('names every kind of the catalog', () => {
  expect(CASES).toHaveLength(18 * 4);
});

it.each(CASES)('$kind is sent again after $seconds s in the $profile days', async (rule) => {
  const { profile, kind, seconds } = rule;
  const clock = new VirtualClock();
  const receiver = await startReceiver(answering(500, 'no'));
  const { emulator, stream } = emulatorFor(receiver.url, { clock, profile });
  const sent = stream.say(kind, { event_type: 1, marker: 'mine' });
  await clock.advance(HOUR);

  await expect(sent.outcome).resolves.toBe('given-up');
  const attempts = attemptsOf(emulator, sent.id);
  expect(secondsBetween(attempts)).toEqual(seconds);
  expect(attempts.map(({ retry }) => retry)).toEqual([0, ...seconds.map((_, index) => index + 1)]);
  expect(attempts.map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([
    ...attempts.slice(1).map(({ at }) => at),
    null,
  ]);
  const arrived = receiver.requests.filter(({ payload }) => payload['marker'] === 'mine');
  expect(arrived.map(({ body }) => body)).toEqual(attempts.map(({ request }) => request.body));
  expect(arrived.every(({ url }) => url === `/${kind}`)).toBe(true);
});

/** Does not wait long for receivers that say nothing. */
const impatient = () => new VirtualClock({ patienceMs: 20 });

describe('a receiver that', () => {
  async function lastAttempts(
    receiver: Pick<CallbackReceiver, 'url'>,
    options: Partial<CssEmulatorOptions> = {},
    clock = new VirtualClock(),
  ) {
    const { emulator, stream } = emulatorFor(receiver.url, { clock, ...options });
    await clock.advance(HOUR);
    return attemptsOf(emulator, stream.pushed.id);
  }

  it.each([201, 202, 204, 301, 302, 307, 400, 401, 404, 429, 500, 503])(
    'answers %i has not acknowledged',
    async (status) => {
      const elsewhere = await startReceiver();
      const receiver = await startReceiver((response) =>
        response.writeHead(status, { location: elsewhere.url }).end(),
      );
      const attempts = await lastAttempts(receiver, { profile: 'legacy2019' });
      expect(attempts.map((attempt) => attempt.status)).toEqual([status, status, status, status]);
      expect(elsewhere.requests).toEqual([]);
    },
  );

  it('answers 200 has acknowledged, whatever the body says', async () => {
    const attempts = await lastAttempts(await startReceiver(answering(200, '{"code":1}')));
    expect(attempts).toMatchObject([
      { status: 200, answer: '{"code":1}', isAcknowledged: true, retry: 0, nextAttemptAt: null },
    ]);
  });

  it('comes to itself is not asked again', async () => {
    let count = 0;
    const receiver = await startReceiver((response) =>
      response.writeHead(++count < 4 ? 503 : 200).end(),
    );
    const attempts = await lastAttempts(receiver);
    expect(attempts.map(({ status }) => status)).toEqual([503, 503, 503, 200]);
  });

  it('is not there is asked at the same times', async () => {
    const attempts = await lastAttempts({ url: `http://127.0.0.1:${await freePort()}` });
    expect(secondsBetween(attempts)).toEqual(TWELVE_MINUTES);
    expect(attempts[0]).toMatchObject({ status: null, answer: '', isAcknowledged: false });
    expect(attempts[0]!.error).toContain('ECONNREFUSED');
  });

  it('does not answer costs twenty seconds each time', async () => {
    const attempts = await lastAttempts(await startReceiver(() => {}), {}, impatient());
    expect(secondsBetween(attempts)).toEqual(TWELVE_MINUTES.map((_, index) => 80 * (index + 1)));
    expect(new Set(attempts.map(({ at, endedAt }) => endedAt - at))).toEqual(new Set([20_000]));
    expect(attempts[0]).toMatchObject({ status: null, error: 'no answer within 20000 ms' });
  });

  it('does not answer is asked at the same times when the interval begins at the start', async () => {
    const profile = { ...RETRY_PROFILES.current, intervalFrom: 'start' } as const;
    const attempts = await lastAttempts(await startReceiver(() => {}), { profile }, impatient());
    expect(secondsBetween(attempts)).toEqual(TWELVE_MINUTES);
  });

  it('begins an answer and does not finish it has not answered', async () => {
    const receiver = await startReceiver((response) => response.writeHead(200).write('{"co'));
    const [attempt] = await lastAttempts(receiver, { profile: 'ai' }, impatient());
    expect(attempt).toMatchObject({ status: null, isAcknowledged: false });
  });

  it.each([
    { body: '{"code":0}', status: 500, isAcknowledged: true },
    { body: '{"code":1}', status: 200, isAcknowledged: false },
    { body: 'null', status: 200, isAcknowledged: false },
    { body: 'ok', status: 200, isAcknowledged: false },
  ])('answers $status $body: acknowledged in 2016 is $isAcknowledged', async (answer) => {
    const receiver = await startReceiver(answering(answer.status, answer.body));
    const [attempt] = await lastAttempts(receiver, { profile: 'legacy2016' });
    expect(attempt).toMatchObject({ retry: 0, isAcknowledged: answer.isAcknowledged });
  });
});

it('keeps the schedule in real time, here with seconds that are milliseconds', async () => {
  const receiver = await startReceiver(answering(500));
  const profile = shortenProfile(RETRY_PROFILES.current, 1_000);
  const { emulator, stream } = emulatorFor(receiver.url, { profile });
  const picture = stream.screenshot();
  await emulator.idle();

  const pushes = attemptsOf(emulator, stream.pushed.id);
  const pictures = attemptsOf(emulator, picture.id);
  expect(pushes).toHaveLength(13);
  expect(pictures).toHaveLength(6);
  const intervals = (attempts: readonly CallbackAttempt[]) =>
    attempts.slice(0, -1).map(({ endedAt, nextAttemptAt }) => nextAttemptAt! - endedAt);
  expect(intervals(pushes)).toEqual(Array.from({ length: 12 }, () => 60));
  expect(intervals(pictures)).toEqual(Array.from({ length: 5 }, () => 120));
  for (const [index, { nextAttemptAt }] of pushes.slice(0, -1).entries()) {
    // A timer of Node may be a millisecond early.
    expect(pushes[index + 1]!.at).toBeGreaterThanOrEqual(nextAttemptAt! - 1);
  }
  await expect(picture.outcome).resolves.toBe('given-up');
});

it('says which profiles there are', () => {
  const directory = fixedTarget({ key: KEY, baseUrl: 'http://127.0.0.1:1' });
  expect(() => new CssEmulator({ directory, profile: 'fast' as 'current' })).toThrow(
    'There is no retry profile "fast". Profiles: current, legacy2019, legacy2016, ai.',
  );
  expect(() => shortenProfile(RETRY_PROFILES.current, 0)).toThrow('must be above 0, not 0');
});
