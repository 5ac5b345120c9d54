/** Streams that the callbacks are spread over. */
export const STREAMS = 1_000;
