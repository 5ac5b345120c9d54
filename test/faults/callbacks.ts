import {
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
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

/** The n-th callback of a run: four of ten pushes, one the interruption of the latest of them, one a recorded file, the others screenshots. */
export function callbackNo(n: number, key: string): OutgoingCallback {
  const stream_id = `stream-${n % STREAMS}`;
  const fields = { stream_id, stream_param: `n=${n}&${AWKWARD[n % AWKWARD.length]}` };
  const turn = Math.floor(n / STREAMS) % 10;
  const { body, payload } = signCallback(builderOf(turn)({ ...fields, ...sequenceOf(n, turn) }), {
    key,
  });
  return {
    body: n % 7 === 0 ? JSON.stringify(payload, null, 2) : body,
    label: `callback ${n} of ${stream_id}`,
  };
}

function builderOf(turn: number) {
  if (turn < 4) return streamPushCallback;
  if (turn === 4) return streamInterruptCallback;
  return turn === 5 ? recordFileCallback : screenshotCallback;
}

/** An interruption ends the push that came before it in its stream. */
function sequenceOf(n: number, turn: number): { sequence?: string } {
  if (turn > 4) return {};
  return { sequence: String(turn === 4 ? n - STREAMS : n) };
}
