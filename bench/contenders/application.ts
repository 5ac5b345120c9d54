import type { AddressInfo } from 'node:net';

import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { serve, type Answers, type ServerSettings } from './child.js';

/** Starts a Nest application as a contender: no logging, on a free port of the loopback. */
export async function serveNest(
  module: Type | DynamicModule,
  { adapter }: Pick<ServerSettings, 'adapter'>,
  answers: (app: INestApplication) => Answers = () => ({}),
): Promise<void> {
  // NestFactory takes either adapter; their types have no common name that it would accept.
  const httpAdapter = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app: INestApplication = await NestFactory.create(module, httpAdapter as FastifyAdapter, {
    logger: process.env['BENCH_LOG'] ? undefined : false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  serve(port, answers(app), () => app.close());
}
