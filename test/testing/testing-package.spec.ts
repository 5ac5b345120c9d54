/**
 * What `nestjs-live-callback/testing` gives to a host: a builder per kind whose callbacks fit, a
 * signer with chosen key, `t` and clock, and events for direct use.
 */
import { describe, expect, it } from 'vitest';

import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import * as testing from '../../src/testing/index.js';

const interpreter = new EventInterpreter(new EventCatalog());

describe('the builders', () => {
  const builders = Object.entries(testing).flatMap(([name, build]) =>
    /^[a-z]\w+Callback$/.test(name) && name !== 'signCallback'
      ? [[name, build as (fields?: object) => object] as const]
      : [],
  );
  const kindOf = (name: string) =>
    name.replace(/Callback$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

  it('are there for every kind of the catalog', () => {
    expect(builders.map(([name]) => kindOf(name)).toSorted()).toEqual(
      new EventCatalog().definitions.map(({ kind }) => kind).toSorted(),
    );
  });

  it.each(builders)('%s makes a callback that is accepted without warning', (name, build) => {
    const meaning = interpreter.interpret(parsePayload(JSON.stringify(build())).value);
    expect(meaning).toMatchObject({
      kind: kindOf(name),
      state: 'accepted',
      errors: [],
      warnings: [],
    });
  });

  it.each(builders)('%s takes fields of the test', (_name, build) => {
    expect(build({ stream_id: 'mine', extra: 1 })).toMatchObject({ stream_id: 'mine', extra: 1 });
  });
});

describe('signCallback', () => {
  it('signs the worked example of the protocol', () => {
    const { payload, body, headers, method } = testing.signCallback(
      { event_type: 1, t: 'old', sign: 'old' },
      { key: 'KeyForDocs2026abcd', t: 1703732078 },
    );
    expect(payload).toEqual({
      event_type: 1,
      t: 1703732078,
      sign: '3fecf825f6676f24151c869b17e2351d',
    });
    expect(JSON.parse(body)).toEqual(payload);
    expect({ headers, method }).toEqual({
      headers: { 'content-type': 'application/json' },
      method: 'POST',
    });
  });

  it('lets the signature live 600 seconds from the time of the clock', () => {
    const signed = testing.signCallback({}, { key: 'k', clock: () => 1_703_731_478_999 });
    expect(signed.payload['t']).toBe(1_703_732_078);
  });
});

describe('liveEventOf', () => {
  it('makes the event that a callback becomes', () => {
    const event = testing.liveEventOf('stream-push', testing.streamPushCallback());
    expect(event).toMatchObject({
      kind: 'stream-push',
      attempt: 1,
      conflicting: false,
      replay: null,
    });
    expect(event.data.app).toBe('push.example.com');
  });

  it('says why a callback makes none', () => {
    expect(() => testing.liveEventOf('screenshot', testing.streamPushCallback())).toThrow(
      'The callback makes no screenshot event: its kind is stream-push',
    );
    expect(() =>
      testing.liveEventOf('stream-push', testing.streamPushCallback({ stream_id: [] })),
    ).toThrow('The callback makes no stream-push event: stream_id must be a string');
  });
});
