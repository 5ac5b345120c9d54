/** A host on Express whose logger is nestjs-pino, with a middleware of its own for every route. */
import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';

import { exercise, HostModule } from './host.js';

@Module({ imports: [LoggerModule.forRoot({ pinoHttp: { level: 'silent' } }), HostModule] })
class PinoModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => next())
      .forRoutes('*all');
  }
}

async function main(): Promise<void> {
  const app = await NestFactory.create(PinoModule, { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  await exercise(app);
  await app.close();
}

main().then(
  () => process.stdout.write('ok\n'),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
