import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { AppLogger } from './app.logger.js';
import { AppModule } from './app.module.js';
import { DemoCloud } from './demo.cloud.js';
import { playDemo } from './demo.js';
import { readEnvironment, type Settings } from './environment.js';

async function main(): Promise<void> {
  const settings = readEnvironment(process.env);
  const cloud = await cloudOf(settings);
  const app = await NestFactory.create(AppModule.from(settings, cloud), newAdapter(settings), {
    abortOnError: false,
    logger: new AppLogger(settings.logLevel),
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(settings.port, settings.host);
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  const logger = new Logger('Application');
  if (settings.role === 'worker') logger.log(`Listeners run here. Probes: ${url}/health/live`);
  else logger.log(`Callbacks: POST ${url}/live-callback`);
  if (settings.adminToken !== undefined) logger.log(`Console: ${url}/console`);
  if (cloud) await playDemo(app, settings, url, cloud);
}

/** The demo has an account of its own. */
async function cloudOf({ isDemo, port, keys }: Settings): Promise<DemoCloud | undefined> {
  const baseUrl = `http://127.0.0.1:${port}/live-callback`;
  return isDemo ? DemoCloud.open(baseUrl, keys[0] as string) : undefined;
}

function newAdapter({ adapter }: Settings): FastifyAdapter {
  // NestFactory takes either; their types have no common name that it would accept.
  return adapter === 'fastify'
    ? new FastifyAdapter()
    : (new ExpressAdapter() as unknown as FastifyAdapter);
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = code === 'EADDRINUSE' ? ' Choose another port: PORT=3001 npm start' : '';
  process.stderr.write(`\nThe application did not start. ${message}${hint}\n`);
  process.exit(1);
});
