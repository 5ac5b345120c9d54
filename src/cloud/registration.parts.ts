import type { ModulesContainer } from '@nestjs/core';

import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CloudError } from './api/cloud.error.js';

/** Finds a part of one registration of LiveCallbackModule. */
export type PartFinder = <T>(token: abstract new (...args: never[]) => T) => T;

/** The parts of one registration: each has a module of its own, and they have the same tokens. */
export function partsOf(modules: ModulesContainer, registration: string): PartFinder {
  return (token) => {
    for (const { providers } of modules.values()) {
      const config = providers.get(LiveCallbackConfig)?.instance as LiveCallbackConfig | undefined;
      if (config?.name !== registration) continue;
      const instance: unknown = providers.get(token)?.instance;
      if (instance) return instance as InstanceType<typeof token>;
    }
    throw new CloudError(
      'invalid',
      `There is no registration "${registration}" of LiveCallbackModule in this application.`,
    );
  };
}
