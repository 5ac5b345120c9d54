import { Controller, Get, Inject, Logger, ServiceUnavailableException } from '@nestjs/common';

import { LiveCallbackHealth, type LiveCallbackHealthReport } from '../index.js';

/** Probes for whoever runs the process. */
@Controller('health')
export class HealthController {
  private readonly logger = new Logger('Health');

  constructor(@Inject(LiveCallbackHealth) private readonly health: LiveCallbackHealth) {}

  /** What is known: 200 when callbacks can be stored, else 503, with the same figures. */
  @Get()
  async report(): Promise<LiveCallbackHealthReport> {
    const report = await this.health.report();
    if (report.status === 'down') throw new ServiceUnavailableException(report);
    return report;
  }

  /** The process answers. Asks nobody else: a restart does not bring a database back. */
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
