import { CloudFault } from '../templates/cloud.fault.js';
import type { Parameters } from './api.parameters.js';
import { parseCloudTime } from './cloud-time.js';

/** How far a question may look back, and how much it may span, ms. */
export interface WindowLimits {
  readonly lookBackMs: number;
  readonly spanMs: number;
}

/** A piece of time, Unix milliseconds, both ends included. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/**
 * Reads `StartTime` and `EndTime`.
 *
 * @throws CloudFault when they are no times, or outside the limits
 */
export function windowOf(
  given: Parameters,
  now: number,
  { lookBackMs, spanMs }: WindowLimits,
): TimeWindow {
  const start = parseCloudTime(given.string('StartTime'));
  const end = parseCloudTime(given.string('EndTime'));
  if (start === undefined || end === undefined) {
    throw new CloudFault(
      'InvalidParameterValue',
      'StartTime and EndTime must be YYYY-MM-DDThh:mm:ssZ or YYYY-MM-DD hh:mm:ss.',
    );
  }
  if (end < start) {
    throw new CloudFault('InvalidParameterValue', 'EndTime is before StartTime.');
  }
  if (end - start > spanMs) {
    throw new CloudFault(
      'InvalidParameterValue',
      `From StartTime to EndTime there may be ${spanMs / HOUR_MS} hours.`,
    );
  }
  if (start < now - lookBackMs) {
    throw new CloudFault(
      'InvalidParameterValue',
      `StartTime may be ${lookBackMs / DAY_MS} days ago.`,
    );
  }
  return { start, end };
}
