/** This module with sessions, and a console that shows all it can. */
import 'reflect-metadata';

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Module } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import {
  DeclaredTemplates,
  LiveCallbackReconciliationModule,
  TencentCloudApi,
} from '../../src/cloud/index.js';
import { LiveCallbackConsoleModule } from '../../src/console/index.js';
import { CONSOLE_FILES } from '../../src/console/live-callback-console.options.js';
import { CloudApiServer, EMULATOR_CREDENTIAL } from '../../src/emulator/index.js';
import { LiveCallbackModule } from '../../src/index.js';
import { serveNest } from '../contenders/application.js';
import { readSettings } from '../contenders/child.js';
import { countingListeners } from '../contenders/counting.listeners.js';
import { CONSOLE_TOKEN } from './token.js';

const settings = readSettings();
const folder = mkdtempSync(join(tmpdir(), 'live-callback-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<html data-sign-in=""></html>');
const file = join(folder, 'callbacks.yaml');
writeFileSync(
  file,
  `stack: bench
baseUrl: https://live.example.com/live-callback
templates:
  main:
    key: ${settings.key}
    events: [stream-push, stream-interrupt]
    rules: [{ domain: push.example.com }]
`,
);
const endpoint = await new CloudApiServer().listen();
const credentials = EMULATOR_CREDENTIAL;

@Module({
  imports: [
    LiveCallbackModule.forRoot({
      keys: settings.key,
      database: settings.database as DataSourceOptions,
      sessions: {},
    }),
    // Of a domain that no callback names: what it asks is part of the load, what it would doubt is not.
    LiveCallbackReconciliationModule.register({
      domains: ['quiet.example.com'],
      endpoint,
      credentials,
    }),
    LiveCallbackConsoleModule.register({
      token: CONSOLE_TOKEN,
      templates: new DeclaredTemplates({
        file,
        api: new TencentCloudApi({ endpoint, credentials }),
      }),
      [CONSOLE_FILES]: folder,
    }),
  ],
  providers: countingListeners(settings),
})
class ConsoleBenchModule {}

await serveNest(ConsoleBenchModule, settings);
