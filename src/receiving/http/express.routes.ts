import { PATH_METADATA } from '@nestjs/common/constants.js';

import { LiveCallbackOptionsError } from '../../options/option.error.js';
import { HttpAdapterError } from './http-adapter.error.js';
import { isRouteOf, type Registration } from './registration.js';

/** What is read of a layer of an Express router. */
export interface ExpressLayer {
  handle: object;
  match(path: string): boolean;
  route?: { path: string; methods: Record<string, boolean>; stack: { handle: object }[] };
}

/**
 * The routes of a registration on a router that has all of its routes.
 *
 * @throws HttpAdapterError when they are not there, LiveCallbackOptionsError when others take their requests
 */
export function routesOf(
  stack: readonly ExpressLayer[],
  registration: Registration,
): ExpressLayer[] {
  const routes = stack.filter(({ route }) =>
    route?.stack.some(({ handle }) => isRouteOf(handle, registration)),
  );
  if (routes.length === 0) {
    throw new HttpAdapterError(
      `The routes of LiveCallbackModule (path "${registration.path}") are not on the Express router, so their bodies cannot be read.`,
    );
  }
  for (const layer of routes) {
    const path = layer.route!.path;
    const first = stack.find(
      (it) => it.route?.methods['post'] && takesAway(it.route) && it.match(path),
    );
    if (first !== layer) {
      throw new LiveCallbackOptionsError(
        'path',
        `"${registration.path}": another route takes the requests to ${path} before. Give LiveCallbackModule a path of its own.`,
      );
    }
  }
  return routes;
}

/** Middleware that is bound to a method is a route too, but passes requests on; a controller does not. */
function takesAway({ stack }: NonNullable<ExpressLayer['route']>): boolean {
  return stack.some(({ handle }) => Reflect.hasMetadata(PATH_METADATA, handle));
}
