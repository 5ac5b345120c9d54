/** Events of sessions for direct use: they are what a listener gets when a session is worked out. */
import { describe, expect, it } from 'vitest';

import { toCloudEvent } from '../../src/broker/cloud-event.mapper.js';
import { SESSION_EVENT_KINDS } from '../../src/events/session-event.js';
import { LiveEventBus } from '../../src/index.js';
import { liveEventOf, sessionSummary, UnfitCallbackError } from '../../src/testing/index.js';
import { onTestFinished } from '../support/current-test.js';
import { HURRIED } from '../support/hurried.js';
import { scratchDatabase } from '../support/scratch.js';
import {
  eventsOfHost,
  interruption,
  now,
  push,
  send,
  startSessions,
  until,
} from '../sessions/session-host.js';

async function start() {
  const host = await startSessions({ database: await scratchDatabase(), options: HURRIED });
  onTestFinished(() => host.close());
  return host;
}

it('what listeners got of a session can be made anew from its data', async () => {
  const host = await start();
  const began = now() - 300;
  await send(host, push('room', '1', began), interruption('room', '1', began + 60, 60));
  const heard = eventsOfHost(host);
  await until(() => heard.kinds.includes('session-ended'), 'the session is over');
  for (const event of heard.events) {
    const { id, receivedAt, occurredAt, raw, ...rest } = liveEventOf(event.kind, event.data);
    expect(event).toMatchObject(rest);
    expect(raw).toEqual(event.raw);
    expect([typeof id, receivedAt, occurredAt]).toEqual([
      'string',
      expect.any(Date),
      expect.any(Date),
    ]);
  }
});

describe.each(SESSION_EVENT_KINDS)('%s', (kind) => {
  const event = () => {
    const stream = { appId: '1', domain: 'push.example.com', path: 'live', name: 'room' };
    return liveEventOf(kind, { session: sessionSummary({ stream }), merged: [] });
  };

  it('reaches the listeners of its kind', async () => {
    const host = await start();
    const made = event();
    await host.app.get(LiveEventBus).publish(made);
    expect(eventsOfHost(host).events).toEqual([made]);
    expect(made.data.session.startedAt).toBeInstanceOf(Date);
    expect(made).toMatchObject({ kind, origin: 'session', stream: { name: 'room' } });
  });

  it('is a CloudEvent for a broker', () => {
    const { type, subject, data } = toCloudEvent(event(), '/live', false);
    expect([type.endsWith(kind), subject]).toEqual([true, 'push.example.com/live/room']);
    expect(JSON.parse(JSON.stringify(data))).toMatchObject({
      data: { session: { state: 'live' }, merged: [] },
    });
  });
});

it.each([
  ['no session', { merged: [] }],
  ['a session without a stream', { session: { ...sessionSummary(), stream: null }, merged: [] }],
  ['a time that is none', { session: { ...sessionSummary(), startedAt: 'soon' }, merged: [] }],
  ['nothing merged', { session: sessionSummary() }],
])('%s makes no event', (_what, data) => {
  expect(() => liveEventOf('session-ended', data)).toThrow(UnfitCallbackError);
});
