import { ConsoleLogger, type LogLevel } from '@nestjs/common';

import { LOG_LEVELS } from './environment.js';

/** Contexts in which Nest lists modules and routes at start. */
const START_UP: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Nest's logger without the start-up lists, so that what happens to callbacks is easy to see. */
export class AppLogger extends ConsoleLogger {
  /** @param least nothing below it is logged */
  constructor(least: LogLevel) {
    super({ logLevels: LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(least) + 1) });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!START_UP.has(rest.at(-1))) super.log(message, ...(rest as [unknown]));
  }
}
