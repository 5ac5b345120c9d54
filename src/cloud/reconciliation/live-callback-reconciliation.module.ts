import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { SessionComparison } from '../../sessions/session.comparison.js';
import { TencentCloudApi } from '../api/tencent-cloud.api.js';
import { partsOf } from '../registration.parts.js';
import { CloudComparison } from './cloud.comparison.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback-reconciliation.module-definition.js';
import { LiveCallbackReconciliation } from './live-callback-reconciliation.service.js';
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
