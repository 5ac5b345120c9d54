import {
  CONTROLLER_WATERMARK,
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';

const ENHANCERS = {
  '@UseGuards': GUARDS_METADATA,
  '@UseInterceptors': INTERCEPTORS_METADATA,
  '@UsePipes': PIPES_METADATA,
  '@UseFilters': EXCEPTION_FILTERS_METADATA,
};
/** On what serves requests as well, enhancers are in their place. */
const REQUEST_CLASSES = [
  CONTROLLER_WATERMARK,
  'websockets:is_gateway',
  'graphql:resolver_type',
] as const;
const REQUEST_METHODS = [
  METHOD_METADATA,
  'microservices:handler_type',
  'websockets:message_mapping',
  'graphql:resolver_type',
] as const;

/**
 * Nest's enhancers on a listener and its class, which have no effect on it: Nest calls them for requests.
 *
 * @param functions the method, and the one that a decorator may have put it in the place of
 * @returns such as `@UseGuards(RolesGuard) on Orders.on`
 */
export function idleEnhancers(
  type: { readonly name: string },
  functions: readonly object[],
  place: string,
): string[] {
  const isRoute = functions.some((method) => hasAny(REQUEST_METHODS, method));
  return [
    ...(isRoute ? [] : enhancersOn(functions, place)),
    ...(hasAny(REQUEST_CLASSES, type) ? [] : enhancersOn([type], type.name)),
  ];
}

function hasAny(keys: readonly string[], target: object): boolean {
  return keys.some((key) => Reflect.hasMetadata(key, target));
}

function enhancersOn(targets: readonly object[], place: string): string[] {
  return Object.entries(ENHANCERS).flatMap(([decorator, key]) => {
    const given = targets.flatMap((it) => (Reflect.getMetadata(key, it) as object[]) ?? []);
    const names = [...new Set(given.map(nameOf))];
    return names.length === 0 ? [] : `${decorator}(${names.join(', ')}) on ${place}`;
  });
}

/** Enhancers are given as classes or as instances. */
function nameOf(enhancer: object): string {
  return typeof enhancer === 'function' ? enhancer.name : enhancer.constructor.name;
}
