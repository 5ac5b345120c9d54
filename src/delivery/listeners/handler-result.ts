import { isObservable, type Observable } from 'rxjs';

/**
 * What a handler returned, to wait for: a promise, an Observable, or a promise of one, as Nest takes
 * them from a request handler. An Observable does nothing until it is subscribed.
 *
 * @param signalOf asked for the signal that ends a subscription; only Observables need it
 * @returns undefined when the handler has ended already
 */
export function pendingResult(
  returned: unknown,
  signalOf: () => AbortSignal | undefined,
): PromiseLike<unknown> | undefined {
  if (isObservable(returned)) return completion(returned, signalOf());
  if (!isPromiseLike(returned)) return undefined;
  return returned.then((value) =>
    isObservable(value) ? completion(value, signalOf()) : undefined,
  );
}

/** Rejects with the error of the Observable, or when the signal has ended the subscription. */
function completion(
  observable: Observable<unknown>,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const subscription = observable.subscribe({ error: reject, complete: resolve });
    const end = () => {
      subscription.unsubscribe();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', end, { once: true });
    subscription.add(() => signal?.removeEventListener('abort', end));
  });
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
