import type { IncomingMessage, ServerResponse } from 'node:http';

import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';

import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { readBody } from './read-body.js';
import { ReadingBudget } from './reading.budget.js';
import { remoteAddressOf } from './remote-address.js';
import { openContext } from './callback.context.js';
import { rawRequest } from './callback.reply.js';
import { ForeignAnswerWatch } from './foreign-answer.watch.js';
import { HttpAdapterError } from './http-adapter.error.js';
import { routesOf, type ExpressLayer } from './express.routes.js';
import { type Registration, REGISTRATION, ROUTE_MARK } from './registration.js';
import { RoutePaths } from './route-path.js';
import { CallbackRefusedError } from '../refusals/refusal.js';
import { RefusalHandler } from '../refusals/refusal.handler.js';
import { CallbackVerifier } from '../verification/callback.verifier.js';

/** Media type that no host parser claims: a request under it has a body that was read already. */
const READ_MEDIA_TYPE = 'application/vnd.nestjs-live-callback.read';

/**
 * Reads the bodies of this registration's routes before any parser of the host can refuse, change
 * or swallow them. The host's own routes are not touched.
 */
@Injectable()
export class RawBodyReader implements OnApplicationBootstrap {
  private readonly budget = new ReadingBudget();
  private readonly paths = new RoutePaths();
  private readonly foreign = new ForeignAnswerWatch();
  private routes: ExpressLayer[] | undefined;
  private express: Express | undefined;
  private fastify: FastifyInstance | undefined;

  constructor(
    adapterHost: HttpAdapterHost,
    @Inject(REGISTRATION) private readonly registration: Registration,
    private readonly config: LiveCallbackConfig,
    private readonly refusals: RefusalHandler,
    private readonly verifier: CallbackVerifier,
  ) {
    // Comes before the host's parsers are installed. An application context has no adapter.
    adapterHost.init$.subscribe(() => adapterHost.httpAdapter && this.mount(adapterHost));
  }

  private mount({ httpAdapter }: HttpAdapterHost): void {
    const type = httpAdapter.getType();
    if (type === 'express') this.mountOnExpress(httpAdapter.getInstance<Express>());
    else if (type === 'fastify') this.mountOnFastify(httpAdapter.getInstance<FastifyInstance>());
    else {
      throw new HttpAdapterError(
        `nestjs-live-callback reads its own bodies on Express and Fastify; the HTTP adapter "${type}" is neither.`,
      );
    }
  }

  private mountOnFastify(fastify: FastifyInstance): void {
    this.fastify = fastify;
    this.addParser(fastify);
    this.paths.collect(fastify, (config) => config?.[ROUTE_MARK] === this.registration);
    fastify.addHook('onRequest', async (request, reply) => {
      const config: object = request.routeOptions.config ?? {};
      const isOurs = config[ROUTE_MARK as keyof object] === this.registration;
      if (!isOurs) return this.paths.reroute(fastify, request, reply);
      await this.read(request, reply);
      request.raw.headers['content-type'] = READ_MEDIA_TYPE;
    });
    // A hook that the host added before may have answered first.
    fastify.addHook('onResponse', async ({ routeOptions, url }, reply) => {
      const config: object = routeOptions.config ?? {};
      if (config[ROUTE_MARK as keyof object] !== this.registration) return;
      this.foreign.answered(reply.raw, url);
    });
  }

  private addParser(fastify: FastifyInstance): void {
    if (fastify.hasContentTypeParser(READ_MEDIA_TYPE)) return;
    fastify.addContentTypeParser(READ_MEDIA_TYPE, (_request, _payload, done) => done(null));
  }

  private readonly onExpress = async (
    request: IncomingMessage & { path: string; originalUrl: string },
    response: ServerResponse,
    next: () => void,
  ): Promise<void> => {
    const url = request.method === 'POST' && this.paths.canonical(request.url ?? '');
    if (url) request.url = url;
    const isOurs = request.method === 'POST' && this.routes?.some((it) => it.match(request.path));
    if (isOurs) {
      response.once('finish', () => this.foreign.answered(response, request.originalUrl));
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
    this.routes = routesOf(stack, this.registration);
    for (const { route } of this.routes) this.paths.add(route!.path);
    // First of all, so that a parser which the host installed before Nest does not come before.
    const own = stack.findIndex(({ handle }) => handle === this.onExpress);
    stack.unshift(...stack.splice(own, 1));
  }

  /** @returns false when the request was refused and answered */
  private async read(request: object, response: object): Promise<boolean> {
    const startedAt = performance.now();
    try {
      const raw = rawRequest(request);
      const body = await readBody(raw, {
        limit: this.config.bodyLimit,
        budget: this.budget,
        address: remoteAddressOf(request),
        admit: () => this.verifier.verifyUrl(raw.url ?? ''),
      });
      openContext(request, body, startedAt);
      return true;
    } catch (error) {
      if (!(error instanceof CallbackRefusedError)) throw error;
      this.refusals.refuse(request, response, error);
      return false;
    }
  }
}
