import type { IncomingMessage, ServerResponse } from 'node:http';

import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';

import { LiveCallbackOptionsError } from '../config/option.error.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import { readBody, type ReadingBudget } from './body.reader.js';
import { openContext } from './callback.context.js';
import { rawRequest } from './callback.reply.js';
import { isRouteOf, type Registration, REGISTRATION, ROUTE_MARK } from './registration.js';
import { CallbackRefusedError } from './refusal.js';
import { RefusalHandler } from './refusal.handler.js';

/** Media type that no host parser claims: a request under it has a body that was read already. */
const READ_MEDIA_TYPE = 'application/vnd.nestjs-live-callback.read';

interface ExpressLayer {
  handle: object;
  match(path: string): boolean;
  route?: { methods: Record<string, boolean>; stack: { handle: object }[] };
}

/**
 * Reads the bodies of this registration's routes before any parser of the host can refuse, change
 * or swallow them. The host's own routes are not touched.
 */
@Injectable()
export class CallbackEdge implements OnApplicationBootstrap {
  private readonly budget: ReadingBudget = { bytes: 0, requests: 0 };
  private routes: ExpressLayer[] | undefined;
  private express: Express | undefined;
  private fastify: FastifyInstance | undefined;

  constructor(
    adapterHost: HttpAdapterHost,
    @Inject(REGISTRATION) private readonly registration: Registration,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
    private readonly refusals: RefusalHandler,
  ) {
    // Comes before the host's parsers are installed. An application context has no adapter.
    adapterHost.init$.subscribe(() => adapterHost.httpAdapter && this.mount(adapterHost));
  }

  private mount({ httpAdapter }: HttpAdapterHost): void {
    const type = httpAdapter.getType();
    if (type === 'express') this.mountOnExpress(httpAdapter.getInstance<Express>());
    else if (type === 'fastify') this.mountOnFastify(httpAdapter.getInstance<FastifyInstance>());
    else {
      throw new Error(
        `nestjs-live-callback reads its own bodies on Express and Fastify; the HTTP adapter "${type}" is neither.`,
      );
    }
  }

  private mountOnFastify(fastify: FastifyInstance): void {
    this.fastify = fastify;
    this.addParser(fastify);
    fastify.addHook('onRequest', async (request, reply) => {
      const config: object = request.routeOptions.config ?? {};
      if (config[ROUTE_MARK as keyof object] !== this.registration) return;
      await this.read(request, reply);
      request.raw.headers['content-type'] = READ_MEDIA_TYPE;
    });
  }

  private addParser(fastify: FastifyInstance): void {
    if (fastify.hasContentTypeParser(READ_MEDIA_TYPE)) return;
    fastify.addContentTypeParser(READ_MEDIA_TYPE, (_request, _payload, done) => done(null));
  }

  private readonly onExpress = async (
    request: IncomingMessage & { path: string },
    response: ServerResponse,
    next: () => void,
  ): Promise<void> => {
    const isOurs = request.method === 'POST' && this.routes?.some((it) => it.match(request.path));
    if (isOurs) {
      if (!(await this.read(request, response))) return;
      // The end of a body that was read is told a tick later; parsers of the host would wait for it.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    next();
  };

  private mountOnExpress(express: Express): void {
    this.express = express;
    express.use(this.onExpress);
  }

  /** On Express the routes are known once they are all there. */
  onApplicationBootstrap(): void {
    // The host may have removed all parsers since.
    if (this.fastify) this.addParser(this.fastify);
    if (!this.express) return;
    const stack = this.express.router.stack as unknown as ExpressLayer[];
    this.routes = stack.filter(({ route }) =>
      route?.stack.some(({ handle }) => isRouteOf(handle, this.registration)),
    );
    if (this.routes.length === 0) {
      throw new Error(
        `The routes of LiveCallbackModule (path "${this.registration.path}") are not on the Express router, so their bodies cannot be read.`,
      );
    }
    for (const layer of this.routes) {
      const path = (layer.route as unknown as { path: string }).path;
      const first = stack.find((it) => it.route?.methods['post'] && it.match(path));
      if (first !== layer) {
        throw new LiveCallbackOptionsError(
          'path',
          `"${this.registration.path}": another route takes the requests to ${path} before. Give LiveCallbackModule a path of its own.`,
        );
      }
    }
    // First of all, so that a parser which the host installed before Nest does not come before.
    const own = stack.findIndex(({ handle }) => handle === this.onExpress);
    stack.unshift(...stack.splice(own, 1));
  }

  /** @returns false when the request was refused and answered */
  private async read(request: object, response: object): Promise<boolean> {
    try {
      openContext(request, await readBody(rawRequest(request), this.config.bodyLimit, this.budget));
      return true;
    } catch (error) {
      if (!(error instanceof CallbackRefusedError)) throw error;
      this.refusals.refuse(request, response, error);
      return false;
    }
  }
}
