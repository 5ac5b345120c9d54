/**
 * Resolves or rejects as the work does, unless that takes longer.
 *
 * @param milliseconds how long it may take
 * @param late the error to reject with then
 */
export function withTimeout<T>(
  work: PromiseLike<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    const stop = () => clearTimeout(timer);
    work.then(stop, stop);
    work.then(resolve, reject);
  });
}
