import {
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamPushCallback,
} from '../../src/testing/index.js';

const STREAMS = 40;

/** Text that databases and drivers are tempted to change. */
const AWKWARD = ['😀 żółć', 'nul \0', 'half \ud83d', "'; -- \\", ' spaces ', '9007199254740993'];

/** A signed body, unlike any other, and what a report calls it. */
export interface OutgoingCallback {
  readonly body: string;
  readonly label: string;
}

/** The n-th callback of a run: half of them pushes, some recorded files, the others screenshots. */
export function callbackNo(n: number, key: string): OutgoingCallback {
  const stream_id = `stream-${n % STREAMS}`;
  const fields = { stream_id, stream_param: `n=${n}&${AWKWARD[n % AWKWARD.length]}` };
  const turn = Math.floor(n / STREAMS) % 10;
  const build = turn < 5 ? streamPushCallback : turn < 6 ? recordFileCallback : screenshotCallback;
  const { body, payload } = signCallback(build(fields), { key });
  return {
    body: n % 7 === 0 ? JSON.stringify(payload, null, 2) : body,
    label: `callback ${n} of ${stream_id}`,
  };
}
