import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { SessionComparison } from '../../sessions/session.comparison.js';
import { CloudError } from '../api/cloud.error.js';
import { TencentCloudApi } from '../api/tencent-cloud.api.js';
import { CloudComparison } from './cloud.comparison.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback-reconciliation.module-definition.js';
import {
  LiveCallbackReconciliation,
  type PartFinder,
} from './live-callback-reconciliation.service.js';
import {
  MANUAL_PACE,
  resolveReconciliation,
  type ReconciliationModuleOptions,
} from './reconciliation.options.js';

/**
 * Compares sessions with what the cloud knows of streams, once a minute, in one process at a time, and brings in
 * what no callback has told.
 *
 * @example
 * ```ts
 * imports: [
 *   LiveCallbackModule.forRoot({ keys: '…', sessions: {} }),
 *   LiveCallbackReconciliationModule.register({
 *     domains: ['push.example.com'],
 *     credentials: credentialsFromEnvironment(),
 *   }),
 * ],
 * ```
 * @publicApi
 */
@Module({
  providers: [
    {
      provide: LiveCallbackReconciliation,
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
      useFactory: (options: ReconciliationModuleOptions, modules: ModulesContainer) => {
        const config = resolveReconciliation(options);
        const api = new TencentCloudApi(options);
        const find = partsOf(modules, config.registration);
        return new LiveCallbackReconciliation(config, api, find, options[MANUAL_PACE]);
      },
    },
    {
      provide: SessionComparison,
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer, LiveCallbackReconciliation],
      useFactory: (
        options: ReconciliationModuleOptions,
        modules: ModulesContainer,
        reconciliation: LiveCallbackReconciliation,
      ) => {
        const config = resolveReconciliation(options);
        return new CloudComparison(reconciliation, config, partsOf(modules, config.registration));
      },
    },
  ],
  exports: [LiveCallbackReconciliation, SessionComparison],
})
export class LiveCallbackReconciliationModule extends ConfigurableModuleClass {}

/** The parts of one registration: each has a module of its own, and they have the same tokens. */
function partsOf(modules: ModulesContainer, registration: string): PartFinder {
  return (token) => {
    for (const { providers } of modules.values()) {
      const config = providers.get(LiveCallbackConfig)?.instance as LiveCallbackConfig | undefined;
      if (config?.name !== registration) continue;
      const instance: unknown = providers.get(token)?.instance;
      if (instance) return instance as InstanceType<typeof token>;
    }
    throw new CloudError(
      'invalid',
      `There is no registration "${registration}" of LiveCallbackModule to compare.`,
    );
  };
}
