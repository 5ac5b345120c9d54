import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * The routes of a registration, found however a URL writes them: with slashes at its end or doubled, in
 * other letter case, percent-encoded. What stands in the cloud's console must not depend on the router.
 */
export class RoutePaths {
  private readonly paths = new Map<string, string>();

  add(path: string): void {
    this.paths.set(normal(path), path);
  }

  /** Learns of the routes whose config is ours, as they are made. */
  collect(fastify: FastifyInstance, isOurs: (config?: Record<string, unknown>) => boolean): void {
    fastify.addHook('onRoute', ({ url, config }) => {
      if (isOurs(config as Record<string, unknown> | undefined)) this.add(url);
    });
  }

  /** Gives a request that means one of our routes to it. */
  reroute(fastify: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
    const { raw, method } = request;
    const url = method === 'POST' ? this.canonical(raw.url ?? '') : undefined;
    if (url === undefined || url === raw.url) return;
    reply.hijack();
    raw.url = url;
    fastify.routing(raw, reply.raw);
  }

  /** The URL as the router knows it, query and all; undefined where it is no route of ours. */
  canonical(url: string): string | undefined {
    const end = url.search(/[?#]/);
    const path = end < 0 ? url : url.slice(0, end);
    const known = this.paths.get(normal(path));
    return known === undefined ? undefined : known + url.slice(path.length);
  }
}

function normal(path: string): string {
  const parts = decoded(path).split('/');
  return parts
    .filter((part) => part !== '')
    .join('/')
    .toLowerCase();
}

function decoded(path: string): string {
  // A slash that is encoded belongs to a segment, and none of ours holds one.
  if (!path.includes('%') || /%2f/i.test(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
