import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** The context of the import of this file, which is empty in an application. */
const inEmptyContext = AsyncLocalStorage.snapshot();

/**
 * Runs work in no request's asynchronous context, but in an empty one. Batches, queues and timers would
 * otherwise carry the context of whoever started them, and a listener would see the tenant, the user or
 * the span of another request.
 *
 * Each run has a context of its own, for work may leave something in it (`enterWith`).
 *
 * @returns what the work returns
 */
export function outsideRequests<R>(work: () => R): R {
  return inEmptyContext(() => new AsyncResource('LiveCallback').runInAsyncScope(work));
}
