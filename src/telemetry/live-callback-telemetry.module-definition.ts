import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { LiveCallbackTelemetryOptions } from './live-callback-telemetry.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<LiveCallbackTelemetryOptions>({
    moduleName: 'LiveCallbackTelemetry',
  })
    .setFactoryMethodName('createLiveCallbackTelemetryOptions')
    .build();
