import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { LiveEventBrokerOptions } from './live-event-broker.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<LiveEventBrokerOptions>({ moduleName: 'LiveEventBroker' })
    .setFactoryMethodName('createLiveEventBrokerOptions')
    .build();
