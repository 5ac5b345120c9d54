import {
  Controller,
  Get,
  Header,
  Headers,
  Inject,
  Logger,
  UnauthorizedException,
} from '@nestjs/common';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

import { isSameSecret } from '../common/same-secret.js';

/** Bearer token of those who scrape. */
export const METRICS_TOKEN = Symbol('METRICS_TOKEN');

/** Keeps the metrics of the process until they are scraped. */
export class ScrapedMetrics {
  private readonly logger = new Logger('Metrics');
  /** Has no server of its own. */
  private readonly exporter = new PrometheusExporter({ preventServerStart: true });
  /** One library measures, so its name stands on no line; neither does a resource, which has none. */
  private readonly serializer = new PrometheusSerializer('', false, undefined, true, true);
  readonly provider = new MeterProvider({ readers: [this.exporter] });

  /** The metrics as Prometheus reads them. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.exporter.collect();
    for (const error of errors) this.logger.error(error);
    return this.serializer.serialize(resourceMetrics);
  }
}

/** Metrics for Prometheus. What they tell of listeners and refusals is not for everybody. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly scraped: ScrapedMetrics,
    @Inject(METRICS_TOKEN) private readonly token: string,
  ) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('cache-control', 'no-store')
  async scrape(@Headers('authorization') authorization = ''): Promise<string> {
    const [, given = ''] = /^Bearer (.+)$/i.exec(authorization) ?? [];
    if (!isSameSecret(given, this.token)) throw new UnauthorizedException();
    return this.scraped.text();
  }
}
