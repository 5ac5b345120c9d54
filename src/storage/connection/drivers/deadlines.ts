/** A database that does not answer in this time counts as away, ms. */
export const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Deadline of one statement, ms. Below 5 s, so that a statement on a connection that died does not
 * outlast the recovery.
 */
export const STATEMENT_TIMEOUT_MS = 4_000;
