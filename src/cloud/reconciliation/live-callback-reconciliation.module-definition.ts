import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { ReconciliationModuleOptions } from './reconciliation.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ReconciliationModuleOptions>().build();
