import { requireOptional } from '../common/require-optional.js';
import { LiveCallbackBullError } from './live-callback-bull.error.js';

/**
 * Loads a package that only this part of the module needs.
 *
 * @throws LiveCallbackBullError with the command that installs it
 */
export function loadOptional(name: string): unknown {
  return requireOptional(
    name,
    (cause) =>
      new LiveCallbackBullError(
        `nestjs-live-callback/bullmq needs the package ${name}, which is not installed: npm install @nestjs/bullmq bullmq ioredis`,
        { cause },
      ),
  );
}

/** Types alone are imported from the packages themselves. */
export const { Queue, UnrecoverableError, WaitingError, Worker } = loadOptional(
  'bullmq',
) as typeof import('bullmq');

/** @see Queue */
export const { getQueueToken, getSharedConfigToken } = loadOptional(
  '@nestjs/bullmq',
) as typeof import('@nestjs/bullmq');

// BullMQ loads it by itself, but only when it connects, and complains of the wrong thing.
loadOptional('ioredis');
