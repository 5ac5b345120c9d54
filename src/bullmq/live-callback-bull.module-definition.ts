import { ConfigurableModuleBuilder } from '@nestjs/common';

import type {
  LiveCallbackBullExtras,
  LiveCallbackBullOptions,
} from './live-callback-bull.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<LiveCallbackBullOptions>({ moduleName: 'LiveCallbackBull' })
    .setFactoryMethodName('createLiveCallbackBullOptions')
    .setExtras<LiveCallbackBullExtras>({ queue: undefined, configKey: undefined })
    .build();
