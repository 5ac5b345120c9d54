import type { BulkJobOptions } from 'bullmq';

import type { WaitingDelivery } from '../delivery/delivery.runner.js';
import { keyOf } from '../storage/delivery.lease.js';

/** What a job carries: ids and names, no content. The rows decide what runs. */
export interface DeliveryJobData {
  readonly listener: string;
  readonly orderingKey: string;
  /** For those who look at the queue: the callback that the job was added for. */
  readonly callbackId: string;
  /** For those who look at the queue. */
  readonly stream: string | null;
  /** Name of the registration. */
  readonly registration: string;
}

/** A job as `addBulk` takes it. */
export interface DeliveryJob {
  readonly name: string;
  readonly data: DeliveryJobData;
  readonly opts: BulkJobOptions & { readonly deduplication: { readonly id: string } };
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** What stays for a dashboard to show, by number and age (seconds). */
const KEEP_DONE = { count: 1_000, age: 3_600 };
const KEEP_FAILED = { count: 5_000, age: 7 * 86_400 };

/**
 * The job that says that something is to do for an ordering key. There is one of a key however many
 * deliveries it has: added while that one waits, another is none; added while it runs, it follows it.
 */
export function toJob(
  { callbackId, listener, orderingKey, kind, stream }: WaitingDelivery,
  registration: string,
): DeliveryJob {
  return {
    name: `${kind} › ${listener}`,
    data: { listener, orderingKey, callbackId, stream, registration },
    opts: {
      deduplication: { id: keyOf({ listener, orderingKey }), keepLastIfActive: true },
      // The row decides whether and when it is tried again.
      attempts: 1,
      removeOnComplete: KEEP_DONE,
      removeOnFail: KEEP_FAILED,
    },
  };
}

/** The data of a job, which whoever can write to Redis may have made; undefined when it is not ours. */
export function readJobData(data: unknown): DeliveryJobData | undefined {
  const { listener, orderingKey, callbackId, stream, registration } = Object(data) as Record<
    string,
    unknown
  >;
  const areTexts = [listener, orderingKey, registration].every((it) => typeof it === 'string');
  if (!areTexts || !UUID.test(orderingKey as string)) return undefined;
  return { listener, orderingKey, callbackId, stream, registration } as DeliveryJobData;
}
