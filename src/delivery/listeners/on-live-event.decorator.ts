import type { KindOf, LiveEvent, LiveEventPattern } from '../../events/live-event.js';
import { ListenerError } from './listener.error.js';
import type { OnLiveEventOptions } from './listener.options.js';
import type { LiveEventContext } from './live-event.context.js';

/** One use of {@link OnLiveEvent} on a method. @internal */
export interface OnLiveEventMetadata extends OnLiveEventOptions {
  readonly patterns: readonly string[];
  /** The function that was the method then; other decorators may have wrapped it. */
  readonly method: object | undefined;
}

type Handler<P extends LiveEventPattern> = (
  event: LiveEvent<KindOf<P>>,
  context: LiveEventContext,
) => unknown;

const METADATA = 'nestjs-live-callback:on-live-event';

/**
 * Makes a method of a provider or controller a durable listener: it runs after the callback is
 * stored, one event of a stream after the other, and its outcome is recorded per event.
 *
 * @param kinds a kind, several, or `'*'` for every kind that CSS sends, unknown ones included; those that
 * tell of sessions have to be named
 * @throws ListenerError when no kind is given, or on anything but a method of instances
 * @example
 * ```ts
 * @OnLiveEvent('stream-push')
 * async onPush(event: LiveEvent<'stream-push'>) {}
 * ```
 */
export function OnLiveEvent<const P extends LiveEventPattern>(
  kinds: P | readonly P[],
  options: OnLiveEventOptions = {},
) {
  const patterns = [kinds].flat() as readonly string[];
  if (patterns.length === 0 || patterns.some((pattern) => typeof pattern !== 'string')) {
    throw new ListenerError("@OnLiveEvent needs a kind, a list of kinds, or '*'");
  }
  return <T extends Handler<P>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    checkPlace(target, key, descriptor);
    const uses = [
      ...onLiveEventMetadata(target, key),
      { ...options, patterns, method: descriptor.value },
    ];
    // By class and name, as other decorators may put another function in the place of this one; and
    // on the function, which a mixin copies into other classes.
    Reflect.defineMetadata(METADATA, uses, target, key);
    if (descriptor.value) Reflect.defineMetadata(METADATA, uses, descriptor.value);
  };
}

/**
 * What {@link OnLiveEvent} left on a method that a prototype itself has: one that overrides a listener
 * is a listener only if it says so. @internal
 */
export function onLiveEventMetadata(
  prototype: object,
  key: string | symbol,
): readonly OnLiveEventMetadata[] {
  const method: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
  const uses: unknown =
    Reflect.getOwnMetadata(METADATA, prototype, key) ??
    (typeof method === 'function' ? Reflect.getOwnMetadata(METADATA, method) : undefined);
  return (uses as OnLiveEventMetadata[] | undefined) ?? [];
}

/**
 * Decorators of properties get no descriptor, those of static methods the class itself, and those of another
 * standard than Nest reads a description in place of the name.
 */
function checkPlace(
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): void {
  if (typeof key === 'object') {
    const { name } = key as { readonly name: string | symbol };
    throw new ListenerError(
      `@OnLiveEvent on ${String(name)}: the decorators of this application are compiled to another standard than Nest reads. Set "experimentalDecorators" and "emitDecoratorMetadata" to true in tsconfig.json, and have the compiler read that.`,
    );
  }
  if (typeof target === 'function') {
    throw new ListenerError(
      `@OnLiveEvent on ${target.name}.${String(key)}: a static method cannot listen, because Nest calls methods of providers. Remove "static", and provide ${target.name} in a module.`,
    );
  }
  if (typeof descriptor?.value !== 'function' && typeof descriptor?.get !== 'function') {
    throw new ListenerError(
      `@OnLiveEvent on ${target.constructor.name}.${String(key)}: a property cannot listen. Make it a method: async ${String(key)}(event) { … }.`,
    );
  }
}
