import type { DtoClass } from './dto/field.decorators.js';
import type { JsonObject } from './payload/payload.js';

/** How the sender repeats a callback that was not answered with 200 (docs/protocol.md, 2.2). */
export interface SenderRetry {
  /** Attempts after the first. */
  readonly retries: number;
  /** Undefined where the documents name no interval. */
  readonly intervalSeconds?: number;
}

/** Everything the module knows about one kind of callback: one entry of the catalog. */
export interface EventDefinition<T extends object = object> {
  /** Name of the kind: in routes, rows and `@OnLiveEvent`. */
  readonly kind: string;
  /** `event_type` on the wire. */
  readonly eventType: number;
  readonly dto: DtoClass<T>;
  /** What the CSS console calls the event. */
  readonly consoleName: string;
  /**
   * Field of the callback template (docs/protocol.md, 1.2) that takes the URL. Default: set in the
   * console.
   */
  readonly notifyUrlField?: string;
  /** Whether the documents list `t` and `sign` for this kind. Default: true. */
  readonly signed?: boolean;
  /** Default: not documented. */
  readonly retry?: SenderRetry;
  /** Makes the DTO. Default: from the fields that it declares with the decorators of `dto/`. */
  create?(payload: JsonObject): T;
  /** Takes payloads that carry the number of another kind. Default: none. */
  claims?(payload: JsonObject): boolean;
  /** When it happened, as Unix milliseconds; undefined when the sender does not say. */
  occurredAt(data: NoInfer<T>): number | undefined;
  /**
   * The natural fields that make it this event and no other, whatever else the body says; undefined
   * when only the whole content does. The first one is best shared by what comes together, as a stream's
   * name is: by it they stand together in the index.
   */
  identity(data: NoInfer<T>): readonly unknown[] | undefined;
}

/** A catalog entry that remembers its kind and DTO as types. */
export interface TypedDefinition<K extends string, T extends object> extends EventDefinition<T> {
  readonly kind: K;
}

/** Checks a catalog entry against its DTO. */
export function defineEvent<const K extends string, T extends object>(
  definition: TypedDefinition<K, T>,
): TypedDefinition<K, T> {
  return definition;
}

/** Whether a DTO is a host's own: strict, and what it knows is not declared here. */
export function isOfHost(definition: EventDefinition): boolean {
  return 'create' in definition;
}
