/** The console finds the codes that it explains where a callback of each kind has them. */
import { expect, it } from 'vitest';

import { codesIn } from '../../console/src/codes.js';
import { MEANINGS } from '../../console/src/meanings.js';
import type { LiveEventKind } from '../../src/index.js';
import { liveEventOf } from '../../src/testing/index.js';
import { samplesOf } from '../support/documented-samples.js';

/** The typed view of a callback as the audit API shows it. */
const viewOf = (kind: LiveEventKind, callback: object): unknown =>
  JSON.parse(JSON.stringify(liveEventOf(kind, callback).data));

const relay = (callback_event: string, msg: object) =>
  viewOf('relay', { event_type: 314, callback_event, task_id: '1', msg: JSON.stringify(msg) });

it.each(Object.keys(MEANINGS).filter((kind) => kind !== 'relay'))(
  'a documented %s has a code with a meaning',
  (kind) => {
    const views = samplesOf(kind).map(({ text }) =>
      viewOf(kind as LiveEventKind, JSON.parse(text) as object),
    );
    const codes = views.flatMap((view) => codesIn(kind, view));
    expect(MEANINGS[kind]?.map(({ code }) => code)).toEqual(expect.arrayContaining(codes));
    expect(codes).not.toEqual([]);
  },
);

it('an alarm of a relay task has its type, and what is no alarm has no code', () => {
  expect(codesIn('relay', relay('TaskAlarm', { type: 'PullFileFailed' }))).toEqual([
    'PullFileFailed',
  ]);
  expect(codesIn('relay', relay('TaskExit', { code: -22 }))).toEqual([]);
});

it('anomalies of a push are each explained once', () => {
  const abnormal_event = [{ type: 6 }, { type: 15 }, { type: 6 }];
  const view = viewOf('push-error', { event_type: 321, stream_id: 'room', abnormal_event });
  expect(codesIn('push-error', view)).toEqual([6, 15]);
});

it('what has no codes has none, whatever it looks like', () => {
  expect(codesIn('screenshot', { type: 1 })).toEqual([]);
  expect(codesIn('push-error', { abnormal_event: 'none' })).toEqual([]);
  expect(codesIn('stream-interrupt', null)).toEqual([]);
});
