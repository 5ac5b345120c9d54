import { Injectable } from '@nestjs/common';

import { LiveCallbackHealth, type LiveCallbackHealthReport } from './live-callback.health.js';

/** What @nestjs/terminus takes from an indicator: the report under a key. */
export type LiveCallbackHealthResult<K extends string> = Record<K, LiveCallbackHealthReport>;

/**
 * The health report as an indicator of @nestjs/terminus 11 and later, which takes its results as they are:
 * so nothing is imported from there.
 *
 * @example
 * ```ts
 * this.health.check([() => this.live.isHealthy()]);
 * ```
 * @publicApi
 */
@Injectable()
export class LiveCallbackHealthIndicator {
  constructor(private readonly health: LiveCallbackHealth) {}

  /**
   * Never throws: `down` stands in the result, with the figures.
   *
   * @param key name in the answer of Terminus. Default: `live-callback`
   */
  async isHealthy<K extends string = 'live-callback'>(
    key = 'live-callback' as K,
  ): Promise<LiveCallbackHealthResult<K>> {
    return { [key]: await this.health.report() } as LiveCallbackHealthResult<K>;
  }
}
