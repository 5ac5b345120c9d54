import { ConfigurableModuleBuilder } from '@nestjs/common';

import type {
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
} from '../options/live-callback.options.js';

/**
 * What shapes modules and routes is an extra: given when the module is imported, even where the
 * options come from a factory.
 */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<LiveCallbackOptions>({ moduleName: 'LiveCallback' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createLiveCallbackOptions')
    .setExtras<LiveCallbackModuleExtras>(
      {
        path: undefined,
        name: undefined,
        role: undefined,
        isGlobal: false,
        decorators: undefined,
        kinds: undefined,
        dataSource: undefined,
        database: undefined,
      },
      (definition, { isGlobal }) => ({ ...definition, global: isGlobal === true }),
    )
    .build();
