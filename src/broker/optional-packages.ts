import { requireOptional } from '../require-optional.js';
import { LiveEventBrokerError } from './live-event-broker.error.js';

/**
 * Loads a package that only this part of the module needs.
 *
 * @throws LiveEventBrokerError with the command that installs it
 */
export function loadOptional(name: string): unknown {
  return requireOptional(
    name,
    (cause) =>
      new LiveEventBrokerError(
        `nestjs-live-callback/broker needs the package ${name}, which is not installed: npm install ${name}`,
        { cause },
      ),
  );
}

/** Types alone are imported from the packages themselves. */
export const { CloudEvent, Kafka } = loadOptional('cloudevents') as typeof import('cloudevents');

/** @see CloudEvent */
export const microservices = loadOptional(
  '@nestjs/microservices',
) as typeof import('@nestjs/microservices');
