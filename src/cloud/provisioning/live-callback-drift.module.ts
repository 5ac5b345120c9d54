import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { DEFAULT_REGISTRATION } from '../../common/registration-name.js';
import { partsOf } from '../registration.parts.js';
import { DriftWatch } from './drift.watch.js';
import {
  ConfigurableDriftModule,
  DRIFT_OPTIONS,
  type LiveCallbackDriftOptions,
} from './live-callback-drift.module-definition.js';

/**
 * Looks every ten minutes whether the account has the callback templates that are declared; health report,
 * alerts and metrics tell of it. Only reads.
 *
 * @example
 * ```ts
 * imports: [
 *   LiveCallbackModule.forRoot({ keys: '…' }),
 *   LiveCallbackDriftModule.register({
 *     templates: new DeclaredTemplates({ file: 'callbacks.yaml', api }),
 *   }),
 * ],
 * ```
 * @publicApi
 */
@Module({
  providers: [
    {
      provide: DriftWatch,
      inject: [DRIFT_OPTIONS, ModulesContainer],
      useFactory: (
        { templates, registration = DEFAULT_REGISTRATION }: LiveCallbackDriftOptions,
        modules: ModulesContainer,
      ) => new DriftWatch(templates, partsOf(modules, registration)),
    },
  ],
})
export class LiveCallbackDriftModule extends ConfigurableDriftModule {}
