import { requireOptional } from '../common/require-optional.js';
import { LiveEventBrokerError } from './live-event-broker.error.js';

/**
 * Loads a package that only this part of the module needs.
 *
 * @param instead a package that serves as well where the first is not installed
 * @throws LiveEventBrokerError with the command that installs it
 */
export function loadOptional(name: string, instead?: string): unknown {
  const missing = (cause: unknown) =>
    new LiveEventBrokerError(
      `nestjs-live-callback/broker needs the package ${name}, which is not installed: npm install ${name}`,
      { cause },
    );
  try {
    return requireOptional(name, missing);
  } catch (error) {
    if (instead === undefined || !(error instanceof LiveEventBrokerError)) throw error;
    return requireOptional(instead, () => error);
  }
}

/** Types alone are imported from the packages themselves. */
export const { CloudEvent, Kafka } = loadOptional('cloudevents') as typeof import('cloudevents');

/** @see CloudEvent */
export const microservices = loadOptional(
  '@nestjs/microservices',
) as typeof import('@nestjs/microservices');
