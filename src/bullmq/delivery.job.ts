import type { BulkJobOptions } from 'bullmq';

import type { WaitingDelivery } from '../bus/index.js';

/** What a job carries: ids and names, no content. The row decides what runs. */
export interface DeliveryJobData {
  readonly callbackId: string;
  readonly listener: string;
  readonly streamKey: string;
  /** For those who look at the queue. */
  readonly stream: string | null;
  /** Base path of the registration. */
  readonly path: string;
}

/** A job as `addBulk` takes it. */
export interface DeliveryJob {
  readonly name: string;
  readonly data: DeliveryJobData;
  readonly opts: BulkJobOptions;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** What stays for a dashboard to show, by number and age (seconds). */
const KEEP_DONE = { count: 1_000, age: 3_600 };
const KEEP_FAILED = { count: 5_000, age: 7 * 86_400 };

/** The job that wakes a worker for a delivery. Two for the same are one, while it exists. */
export function toJob(
  { callbackId, listener, streamKey, kind, stream }: WaitingDelivery,
  path: string,
): DeliveryJob {
  return {
    name: `${kind} › ${listener}`,
    data: { callbackId, listener, streamKey, stream, path },
    opts: {
      // BullMQ takes no ":" in it, which ids of listeners may hold.
      jobId: `${callbackId}.${encodeURIComponent(listener)}`,
      // The row decides whether and when it is tried again.
      attempts: 1,
      removeOnComplete: KEEP_DONE,
      removeOnFail: KEEP_FAILED,
    },
  };
}

/** The data of a job, which whoever can write to Redis may have made; undefined when it is not ours. */
export function readJobData(data: unknown): DeliveryJobData | undefined {
  const { callbackId, listener, streamKey, stream, path } = Object(data) as Record<string, unknown>;
  const areTexts = [callbackId, listener, streamKey, path].every((it) => typeof it === 'string');
  if (!areTexts || !UUID.test(callbackId as string)) return undefined;
  return { callbackId, listener, streamKey, stream, path } as DeliveryJobData;
}
