import { EVENT_DEFINITIONS } from './event-definitions.js';
import type { EventDefinition } from './event-definition.js';
import { eventTypeOf } from './event-type.js';
import type { JsonObject } from './payload/payload.js';

/** Kind of an authentic callback whose `event_type` is in no catalog. */
export const UNKNOWN_KIND = 'unknown';

/** Finds definitions by what a callback or a listener names. */
export class EventCatalog {
  readonly definitions: readonly EventDefinition[];
  private readonly claimants: readonly EventDefinition[];
  private readonly byKind: ReadonlyMap<string, EventDefinition>;
  private readonly byType: ReadonlyMap<number, EventDefinition>;

  /** @param custom kinds of the host, besides those of CSS */
  constructor(custom: readonly EventDefinition[] = []) {
    this.definitions = [...EVENT_DEFINITIONS, ...custom];
    this.claimants = this.definitions.filter((definition) => 'claims' in definition);
    this.byKind = new Map(this.definitions.map((definition) => [definition.kind, definition]));
    this.byType = new Map(this.definitions.map((definition) => [definition.eventType, definition]));
  }

  /** The definition of a kind, if there is one. */
  ofKind(kind: string): EventDefinition | undefined {
    return this.byKind.get(kind);
  }

  /** The definition of a payload: by its `event_type`, unless another kind knows it better. */
  ofPayload(payload: JsonObject): EventDefinition | undefined {
    const eventType = eventTypeOf(payload['event_type']);
    if (eventType === null) return undefined;
    const claimant = this.claimants.find((definition) => definition.claims?.(payload));
    return claimant ?? this.byType.get(eventType);
  }

  /** Kinds that a listener may name. */
  get kinds(): readonly string[] {
    return [...this.byKind.keys(), UNKNOWN_KIND];
  }
}
