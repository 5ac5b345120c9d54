import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { DriftSource } from './drift.watch.js';

/** Options of `LiveCallbackDriftModule`. */
export interface LiveCallbackDriftOptions {
  /** Whom to ask: a `DeclaredTemplates`, or a `LiveCallbackProvisioner`. */
  templates: DriftSource;
  /** Name of the registration of LiveCallbackModule that tells of it. Default: `default`. */
  registration?: string;
}

export const {
  ConfigurableModuleClass: ConfigurableDriftModule,
  MODULE_OPTIONS_TOKEN: DRIFT_OPTIONS,
} = new ConfigurableModuleBuilder<LiveCallbackDriftOptions>({ moduleName: 'LiveCallbackDrift' })
  .setFactoryMethodName('createLiveCallbackDriftOptions')
  .build();
