import { Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-event-broker.module-definition.js';
import { resolveBrokerOptions, type LiveEventBrokerOptions } from './live-event-broker.options.js';
import { createForwarder, LiveEventForwarder } from './live-event.forwarder.js';

/**
 * Forwards stored events as CloudEvents 1.0 through a client of `@nestjs/microservices`, as a durable
 * listener: an event is done when the broker has confirmed it, and is tried again until then.
 *
 * Register it once for each client. The client is found wherever ClientsModule is imported.
 *
 * @example
 * ```ts
 * LiveEventBrokerModule.register({ client: 'EVENTS', source: 'https://live.example.com' });
 * ```
 * @publicApi
 */
@Module({
  providers: [
    {
      provide: LiveEventForwarder,
      inject: [MODULE_OPTIONS_TOKEN, ModuleRef],
      useFactory: (options: LiveEventBrokerOptions, modules: ModuleRef) =>
        createForwarder(resolveBrokerOptions(options), modules),
    },
  ],
})
export class LiveEventBrokerModule extends ConfigurableModuleClass {}
