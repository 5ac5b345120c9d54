import { Controller, Get, Inject, Logger, ServiceUnavailableException } from '@nestjs/common';

import { LiveCallbackHealth } from '../index.js';

/** Probes for whoever runs the process. */
@Controller('health')
export class HealthController {
  private readonly logger = new Logger('Health');

  constructor(@Inject(LiveCallbackHealth) private readonly health: LiveCallbackHealth) {}

  /** The process answers. */
  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Callbacks can be stored. */
  @Get('ready')
  async ready(): Promise<{ status: string }> {
    try {
      await this.health.check();
    } catch (error) {
      this.logger.warn(`Not ready: ${error instanceof Error ? error.message : String(error)}`);
      throw new ServiceUnavailableException({ status: 'unavailable' });
    }
    return { status: 'ok' };
  }
}
