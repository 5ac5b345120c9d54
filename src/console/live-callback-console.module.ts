import { Module, UseGuards, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { AuditAccess } from '../operations/api/audit.access.js';
import { createAuditControllers } from '../operations/api/audit.controller.js';
import { SessionAccess } from '../sessions/api/session.access.js';
import { createSessionController } from '../sessions/api/session.controller.js';
import { ConsoleAccess } from './console.access.js';
import { createConsoleController } from './console.controller.js';
import { readConsoleFiles } from './console.files.js';
import { createReconciliationController } from './reconciliation.controller.js';
import { createTemplateController } from './template.controller.js';
import { createDeliveryController } from './delivery.controller.js';
import { ConsoleHeadersGuard } from './console-headers.guard.js';
import { ConsoleWriteGuard } from './console-write.guard.js';
import {
  CONSOLE_FILES,
  resolveConsole,
  type LiveCallbackConsoleOptions,
} from './live-callback-console.options.js';

/**
 * Serves a page in which people see and operate what a registration of LiveCallbackModule has stored.
 *
 * @example
 * ```ts
 * imports: [
 *   LiveCallbackModule.forRoot({ keys: '…' }),
 *   LiveCallbackConsoleModule.register({ token: process.env.CONSOLE_TOKEN }),
 * ],
 * ```
 * @publicApi
 */
@Module({})
export class LiveCallbackConsoleModule {
  /** @throws LiveCallbackConsoleError naming the option, here or when the application starts */
  static register(options: LiveCallbackConsoleOptions): DynamicModule {
    const config = resolveConsole(options);
    const { path, guards, decorators, templates } = config;
    const files = readConsoleFiles(options[CONSOLE_FILES]);
    const own = UseGuards(ConsoleHeadersGuard, ConsoleWriteGuard);
    const api = { guards, decorators: [...decorators, own] };
    return {
      module: LiveCallbackConsoleModule,
      controllers: [
        createConsoleController(config, files),
        ...createAuditControllers(`${path}/api`, api),
        createSessionController(`${path}/api`, api),
        createDeliveryController(`${path}/api`, api),
        createReconciliationController(`${path}/api`, api),
        ...(templates ? [createTemplateController(`${path}/api`, templates, api)] : []),
      ],
      providers: [
        {
          provide: ConsoleAccess,
          inject: [ModuleRef],
          useFactory: (modules: ModuleRef) => new ConsoleAccess(config, modules),
        },
        { provide: AuditAccess, useExisting: ConsoleAccess },
        { provide: SessionAccess, useExisting: ConsoleAccess },
      ],
    };
  }
}
