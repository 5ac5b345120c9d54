import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';

import { LiveCallbackBullModule } from '../bullmq/index.js';
import {
  credentialsFromEnvironment,
  DeclaredTemplates,
  LiveCallbackDriftModule,
  LiveCallbackReconciliationModule,
  TencentCloudApi,
} from '../cloud/index.js';
import { LiveCallbackConsoleModule } from '../console/index.js';
import { LiveCallbackModule } from '../index.js';
import { LiveCallbackTelemetryModule } from '../telemetry/index.js';
import { DemoCloud } from './demo.cloud.js';
import { DemoListener } from './demo.listener.js';
import type { Settings } from './environment.js';
import { HealthController } from './health.controller.js';
import { LoggingListener } from './logging.listener.js';
import { METRICS_TOKEN, MetricsController, ScrapedMetrics } from './metrics.controller.js';

/** The reference application: the module, one listener, two probes. */
@Module({})
export class AppModule {
  /** @param cloud of the demo */
  static from(settings: Settings, cloud?: DemoCloud): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LiveCallbackModule.forRoot({
          ...receiving(settings),
          urlToken: settings.urlToken,
          // CSS never signs these two: the token in the URL is what protects them.
          unsigned: settings.urlToken === undefined ? [] : ['relay', 'monitor'],
          expiryGraceSeconds: settings.expiryGraceSeconds,
          database: settings.database,
          ...auditOf(settings),
          // The demo shows all there is.
          ...(settings.isDemo ? { sessions: {} } : {}),
        }),
        ...bullOf(settings),
        ...metricsOf(settings),
        ...consoleOf(settings, cloud),
        ...(cloud ? [LiveCallbackReconciliationModule.register(cloud.reconciliation)] : []),
      ],
      controllers: [HealthController],
      providers: [
        LoggingListener,
        ...(settings.isDemo ? [DemoListener] : []),
        ...(cloud ? [{ provide: DemoCloud, useValue: cloud }] : []),
      ],
    };
  }
}

/** A worker needs no keys. */
function receiving({ role, keys }: Settings) {
  return role === 'worker' ? { role } : { role, keys };
}

/** The audit API is there when somebody may use it. */
function auditOf({ adminToken, readToken, revealToken }: Settings) {
  const tokens = [adminToken, readToken, revealToken];
  if (tokens.every((token) => token === undefined)) return {};
  return { audit: { token: adminToken, readToken, revealToken } };
}

/** Listeners run on BullMQ where there is a Redis. */
function bullOf({ redisUrl }: Settings): DynamicModule[] {
  if (redisUrl === undefined) return [];
  return [
    BullModule.forRoot({ connection: { url: redisUrl } }),
    LiveCallbackBullModule.register({}),
  ];
}

/** Metrics are kept where somebody may ask for them. */
function metricsOf({ metricsToken }: Settings): DynamicModule[] {
  if (metricsToken === undefined) return [];
  const scraped = new ScrapedMetrics();
  return [
    LiveCallbackTelemetryModule.register({ meterProvider: scraped.provider }),
    {
      module: MetricsModule,
      controllers: [MetricsController],
      providers: [
        { provide: ScrapedMetrics, useValue: scraped },
        { provide: METRICS_TOKEN, useValue: metricsToken },
      ],
    },
  ];
}

/** What is scraped. */
@Module({})
class MetricsModule {}

/** The console is for those who may use the audit API. */
function consoleOf(settings: Settings, cloud: DemoCloud | undefined): DynamicModule[] {
  const { audit } = auditOf(settings);
  if (audit === undefined) return [];
  const templates = templatesOf(settings) ?? cloud?.templates;
  return [
    LiveCallbackConsoleModule.register({ ...audit, ...(templates && { templates }) }),
    ...(templates ? [LiveCallbackDriftModule.register({ templates })] : []),
  ];
}

/** Callback templates are shown where they are declared. */
function templatesOf({ templatesFile }: Settings): DeclaredTemplates | undefined {
  if (templatesFile === null) return undefined;
  const api = new TencentCloudApi({ credentials: credentialsFromEnvironment() });
  return new DeclaredTemplates({ file: templatesFile, api });
}
