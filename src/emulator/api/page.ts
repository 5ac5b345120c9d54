import { CloudFault } from '../templates/cloud.fault.js';
import type { Parameters } from './api.parameters.js';

/** One page of a list, with the counters of the cloud. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly counters: {
    readonly PageNum: number;
    readonly PageSize: number;
    readonly TotalNum: number;
    readonly TotalPage: number;
  };
}

/** What `PageSize` may be, and how many rows can be reached by any page. */
export interface PageLimits {
  readonly min: number;
  readonly max: number;
  /** Default: 10. */
  readonly size?: number;
  /** Default: all. */
  readonly reach?: number;
}

/**
 * Cuts a page out of a list, by `PageNum` (default 1) and `PageSize`.
 *
 * @throws CloudFault for a page outside the limits
 */
export function pageOf<T>(
  all: readonly T[],
  given: Parameters,
  { min, max, size: usual = 10, reach = Infinity }: PageLimits,
): Page<T> {
  const number = given.optionalInteger('PageNum') ?? 1;
  const size = given.optionalInteger('PageSize') ?? usual;
  if (number < 1) throw new CloudFault('InvalidParameterValue', 'PageNum begins with 1.');
  if (size < min || size > max) {
    throw new CloudFault('InvalidParameterValue', `PageSize must be ${min} to ${max}.`);
  }
  if (number * size > reach) {
    throw new CloudFault(
      'InvalidParameterValue',
      `Only the first ${reach} rows can be reached; narrow the time.`,
    );
  }
  // The rows before the page have become fewer: what was the first of this page stands in the last one.
  const moved = number === 1 ? 0 : given.rowsMoved;
  return {
    rows: all.slice((number - 1) * size + moved, number * size + moved),
    counters: {
      PageNum: number,
      PageSize: size,
      TotalNum: all.length,
      TotalPage: Math.ceil(all.length / size),
    },
  };
}
