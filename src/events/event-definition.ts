import type { CallbackControllerClass } from './callback.controller.js';
import type { DtoClass } from './field.decorators.js';

/** How the sender repeats a callback that was not answered with 200 (doc 267/38080). */
export interface SenderRetry {
  /** Attempts after the first. */
  readonly retries: number;
  readonly intervalSeconds: number;
}

/** Everything the module knows about one kind of callback: one line of the catalog. */
export interface EventDefinition<T extends object = object> {
  /** Name of the kind: in routes, rows and `@OnLiveEvent`. */
  readonly kind: string;
  /** `event_type` on the wire. */
  readonly eventType: number;
  readonly dto: DtoClass<T>;
  readonly controller: CallbackControllerClass;
  /** What the CSS console calls the event. */
  readonly consoleName: string;
  /** Field of the callback template (doc 267/30815) that takes the URL; null when the console alone can set it. */
  readonly notifyUrlField: string | null;
  /** Whether the sender signs this kind. */
  readonly signed: boolean;
  readonly retry: SenderRetry;
  /** When it happened, as Unix milliseconds; undefined when the sender does not say. */
  occurredAt(data: T): number | undefined;
  /** The natural fields that make it this event and no other, whatever else the body says. */
  identity(data: T): readonly unknown[];
}

/** Keeps the DTO type while a catalog line is written, then forgets it. */
export function defineEvent<T extends object>(definition: EventDefinition<T>): EventDefinition {
  return definition;
}
