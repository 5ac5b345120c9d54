import type { Socket } from 'node:net';

import { STATEMENT_TIMEOUT_MS } from './deadlines.js';

/**
 * Closes a connection when nothing comes while a statement waits for its answer. Otherwise it would stay
 * in use for ever, and a few such are the whole pool. Not a timer per statement, which closes over that
 * statement: the garbage collector would keep every one of them, with all its parameters, until it goes
 * through the whole heap.
 *
 * @param isWaiting whether a statement waits for its answer now
 * @param close fails that statement with the given error
 */
export function closeWhenMute(
  stream: Socket,
  isWaiting: () => boolean,
  close: (error: Error) => void,
): void {
  stream.setTimeout(STATEMENT_TIMEOUT_MS);
  // Not as the callback of `setTimeout`, which would hear of the first time only: every connection is idle once.
  stream.on('timeout', () => {
    if (isWaiting()) {
      close(new Error(`The database did not answer within ${STATEMENT_TIMEOUT_MS} ms`));
    }
  });
}
