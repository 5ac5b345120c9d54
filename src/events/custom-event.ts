import { plainToInstance } from 'class-transformer';

import { defineEvent, type EventDefinition } from './event-definition.js';
import type { DtoClass } from './dto/field.decorators.js';

/** A kind of the host's own: an `event_type` that this version does not know, or a private one. */
export interface CustomLiveEvent<T extends object = object> {
  /** Name of the kind and of its route: lower-case words joined by hyphens. */
  kind: string;
  /** `event_type` on the wire; one that no other kind has. */
  eventType: number;
  /**
   * Class with class-validator decorators, made by class-transformer. What it does not accept is
   * stored as quarantined; one whose making throws is not stored, and CSS is asked to come again.
   * Validators must be synchronous.
   */
  dto: DtoClass<T>;
  /** When it happened, as Unix milliseconds. Default: not known. */
  occurredAt?(data: T): number | undefined;
  /** The fields that make it this event and no other. Default: the whole content. */
  identity?(data: T): readonly unknown[];
}

/**
 * Describes a kind for the option `kinds`, checked against its DTO. Declare its type too:
 *
 * @example
 * ```ts
 * declare module 'nestjs-live-callback' {
 *   interface LiveEventMap {
 *     'stream-mix': StreamMixDto;
 *   }
 * }
 * ```
 */
export function defineLiveEvent<T extends object>(event: CustomLiveEvent<T>): CustomLiveEvent {
  return event;
}

/** The catalog entry of a custom kind. */
export function definitionOf(event: CustomLiveEvent): EventDefinition {
  return defineEvent({
    kind: event.kind,
    eventType: event.eventType,
    dto: event.dto,
    create: (payload) => plainToInstance(event.dto, payload),
    consoleName: event.kind,
    occurredAt: (data) => event.occurredAt?.(data),
    identity: (data) => event.identity?.(data),
  });
}
