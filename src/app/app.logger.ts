import { ConsoleLogger } from '@nestjs/common';

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
  override log(message: unknown, ...rest: unknown[]): void {
    if (!START_UP.has(rest.at(-1))) super.log(message, ...(rest as [unknown]));
  }
}
