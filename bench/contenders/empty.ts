/** An empty Nest endpoint: the adapter parses the JSON, and that is all. */
import 'reflect-metadata';

import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';

import { serveNest } from './application.js';
import { readSettings } from './child.js';

@Controller('live-callback')
class EmptyController {
  @Post()
  @HttpCode(200)
  receive(@Body() body: Record<string, unknown>) {
    return { code: typeof body === 'object' ? 0 : 400 };
  }
}

@Module({ controllers: [EmptyController] })
class EmptyModule {}

await serveNest(EmptyModule, readSettings());
