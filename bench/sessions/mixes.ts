import {
  imageAuditCallback,
  pushErrorCallback,
  recordFileCallback,
  recordStatusCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
} from '../../src/testing/index.js';

/** Callbacks of several kinds. */
export interface Mix {
  readonly name: string;
  readonly title: string;
  /** Most that sessions may cost, as a ratio. */
  readonly bound: number;
  /** @param prefix what names of streams begin with, so that no callback is a duplicate */
  of(count: number, prefix: string): object[];
}

const named = (name: string) => ({ stream_id: name, channel_id: name });

/** What CSS tells of one broadcast: a push, pictures and a verdict, recordings, an interruption. */
function broadcast(name: string): object[] {
  const push = streamPushCallback(named(name));
  const { sequence } = push;
  const domainPath = { domain: 'push.example.com', path: 'live', stream_id: name, sequence };
  return [
    push,
    recordStatusCallback({ domain: 'push.example.com', appname: 'live', stream_id: name }),
    ...Array.from({ length: 12 }, () => screenshotCallback(named(name))),
    imageAuditCallback({ streamId: name, channelId: name }),
    pushErrorCallback(domainPath),
    streamInterruptCallback({ ...named(name), sequence }),
    recordFileCallback(named(name)),
    recordFileCallback(named(name)),
    recordStatusCallback({ domain: 'push.example.com', appname: 'live', stream_id: name }),
  ];
}

function pushAndInterruption(name: string): object[] {
  const push = streamPushCallback(named(name));
  return [push, streamInterruptCallback({ ...named(name), sequence: push['sequence'] })];
}

/** Broadcasts side by side: what comes next of each in turn. */
function interleaved(make: (name: string) => object[], count: number, prefix: string): object[] {
  const each = make('none').length;
  const streams = Array.from({ length: Math.ceil(count / each) }, (_, n) => make(`${prefix}-${n}`));
  return Array.from({ length: each }, (_, n) => streams.map((all) => all[n]!))
    .flat()
    .slice(0, count);
}

/** The mixes that are measured. */
export const MIXES: readonly Mix[] = [
  {
    name: 'mix',
    title:
      'a broadcast: 1 push, 12 pictures, 1 verdict, 1 push error, 4 of recordings, 1 interruption',
    bound: 1.3,
    of: (count, prefix) => interleaved(broadcast, count, prefix),
  },
  {
    name: 'pushes',
    title: 'pushes and interruptions alone',
    bound: 2.5,
    of: (count, prefix) => interleaved(pushAndInterruption, count, prefix),
  },
];

/** The body of a callback. */
export function signed(callback: object, key: string): string {
  return signCallback(callback, { key }).body;
}
