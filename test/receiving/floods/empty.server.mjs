// The empty endpoint beside which memory is judged: a Nest application whose handler does nothing.
import 'reflect-metadata';

import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const LIMIT = 300 * 1024;

class EmptyController {
  receive() {
    return { code: 0 };
  }
}
const handler = Object.getOwnPropertyDescriptor(EmptyController.prototype, 'receive');
Post('live-callback')(EmptyController.prototype, 'receive', handler);
HttpCode(200)(EmptyController.prototype, 'receive', handler);
Body()(EmptyController.prototype, 'receive', 0);
Controller()(EmptyController);

class EmptyModule {}
Module({ controllers: [EmptyController] })(EmptyModule);

const isExpress = process.argv[2] === 'express';
const adapter = isExpress ? new ExpressAdapter() : new FastifyAdapter({ bodyLimit: LIMIT });
const app = await NestFactory.create(EmptyModule, adapter, { logger: false });
if (isExpress) app.useBodyParser('json', { limit: LIMIT });
await app.listen(0, '127.0.0.1');
process.stdout.write(`listens on ${new URL(await app.getUrl()).port}\n`);
