import type { KindOf, LiveEvent, LiveEventPattern } from '../events/index.js';
import type { OnLiveEventOptions } from './listener.options.js';
import type { LiveEventContext } from './live-event.context.js';

/** One use of {@link OnLiveEvent} on a method. @internal */
export interface OnLiveEventMetadata extends OnLiveEventOptions {
  readonly patterns: readonly string[];
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
 * @param kinds a kind, several, or `'*'` for every kind, unknown ones included
 * @throws TypeError when no kind is given
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
    throw new TypeError("@OnLiveEvent needs a kind, a list of kinds, or '*'");
  }
  return <T extends Handler<P>>(
    _target: object,
    _key: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const method = descriptor.value as object;
    const earlier = onLiveEventMetadata(method);
    Reflect.defineMetadata(METADATA, [...earlier, { ...options, patterns }], method);
  };
}

/** What {@link OnLiveEvent} left on a method. @internal */
export function onLiveEventMetadata(method: object): readonly OnLiveEventMetadata[] {
  return (Reflect.getMetadata(METADATA, method) as OnLiveEventMetadata[] | undefined) ?? [];
}
