import {
  applyDecorators,
  Controller,
  Get,
  NotFoundException,
  Param,
  Req,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { gzipSync } from 'node:zlib';

import { HiddenFromOpenApi } from '../common/hidden-from-openapi.js';
import { rawRequest } from '../receiving/http/callback.reply.js';
import { ConsoleHeadersGuard } from './console-headers.guard.js';
import type { ConsoleFile, ConsoleFiles } from './console.files.js';
import type { LiveCallbackConsoleConfig } from './live-callback-console.options.js';

/** What the responses of Express and Fastify have in common. */
interface ConsoleResponse {
  header(name: string, value: string): this;
  send(body: Buffer): unknown;
}

/**
 * Makes the controller that serves the page and its files from memory. The host's guards see these
 * requests too; where a token is asked for, the page comes without, because it is where the token is pasted:
 * it is the same for everybody, and holds nothing of the host.
 */
export function createConsoleController(
  { path, guards, decorators, signIn }: LiveCallbackConsoleConfig,
  { page, assets }: ConsoleFiles,
): Type {
  const lastSegment = path.slice(path.lastIndexOf('/') + 1);

  @applyDecorators(...decorators, HiddenFromOpenApi)
  @UseGuards(ConsoleHeadersGuard, ...guards)
  @Controller({ path, version: VERSION_NEUTRAL })
  class ConsoleController {
    /** The page. Its files are named relative to it, so that prefixes and proxies make no difference. */
    @Get()
    page(@Req() request: object, @Res() response: ConsoleResponse): void {
      const [asked = ''] = (rawRequest(request).url ?? '').split('?');
      const base = asked.endsWith('/') ? './' : `./${lastSegment}/`;
      const text = page
        .replaceAll('"./', `"${base}`)
        .replace('data-sign-in=""', `data-sign-in="${signIn}"`);
      const plain = Buffer.from(text);
      answer(request, response, {
        type: 'text/html; charset=utf-8',
        plain,
        gzipped: gzipSync(plain),
      });
    }

    /** A file of the page. */
    @Get('assets/:name')
    asset(
      @Param('name') name: string,
      @Req() request: object,
      @Res() response: ConsoleResponse,
    ): void {
      const file = assets.get(name);
      if (!file) throw new NotFoundException();
      answer(request, response, file);
    }
  }
  return ConsoleController;
}

function answer(request: object, response: ConsoleResponse, file: ConsoleFile): void {
  const accepted = rawRequest(request).headers['accept-encoding'] ?? '';
  response.header('content-type', file.type).header('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(accepted)) {
    response.send(file.plain);
    return;
  }
  response.header('content-encoding', 'gzip').send(file.gzipped);
}
