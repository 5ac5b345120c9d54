/**
 * Started twice on one database, that of HOST_DATABASE: with the argument `dies` it is killed while a
 * listener runs; the next start sweeps what that left.
 */
import { NestFactory } from '@nestjs/core';

import { die, exercise, HostModule, lookAtSwept } from './host.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(HostModule, { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  if (process.argv.includes('dies')) return die(app);
  await exercise(app);
  await lookAtSwept(app);
  await app.close();
}

main().then(
  () => process.stdout.write('ok\n'),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
