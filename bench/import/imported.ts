/** Imports what a host imports anyway, then this module, and tells what the second took. Run with `--expose-gc`. */
import 'reflect-metadata';

/** Of a host with this module's database and HTTP server, beside the module. */
const HOST = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/typeorm',
  'typeorm',
  'class-validator',
  'class-transformer',
];
const MIB = 1_048_576;

function residentMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / MIB;
}

for (const name of HOST) await import(name);
const before = residentMb();
const began = performance.now();
await import('../../src/index.js');
const ms = performance.now() - began;
process.stdout.write(JSON.stringify({ ms, mb: residentMb() - before }));
