import { CloudApiError } from '../api/cloud-api.error.js';

/**
 * Does something for each of several items, and goes on where one fails; what failed is thrown in the end. Stops
 * at once where the cloud would say the same to all, as with a key that is revoked.
 */
export async function attemptEach<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      if (error instanceof CloudApiError && error.failureClass === 'fatal') throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
