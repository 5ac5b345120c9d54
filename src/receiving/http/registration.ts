/** Token of the {@link Registration}. */
export const REGISTRATION = Symbol('LIVE_CALLBACK_REGISTRATION');

/** One import of the module: what shapes its routes. Its identity tells its routes from others'. */
export interface Registration {
  /** Base path without slashes at its ends. */
  readonly path: string;
  readonly decorators: readonly ClassDecorator[];
}

/** Name under which a route carries its registration. */
export const ROUTE_MARK = 'nestjs-live-callback';

/**
 * Where @nestjs/platform-fastify keeps the config of a route. Both adapters see it: Nest copies the
 * metadata of a controller method to the handler that it gives to the router.
 */
export const ROUTE_CONFIG_METADATA = '__fastify_route_config__';

/** Whether a router's handler belongs to a registration. */
export function isRouteOf(handler: object, registration: Registration): boolean {
  const config = Reflect.getMetadata(ROUTE_CONFIG_METADATA, handler) as
    Record<string, unknown> | undefined;
  return config?.[ROUTE_MARK] === registration;
}
