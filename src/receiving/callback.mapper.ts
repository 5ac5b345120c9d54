import { Injectable } from '@nestjs/common';

import { IdSource } from '../common/id.source.js';
import { columnText, ID_LENGTH, NAME_LENGTH } from '../storage/column-text.js';
import { deliveriesOf } from '../storage/new-deliveries.js';
import type { CallbackOrigin } from '../storage/entities/index.js';
import type { NewCallback } from '../storage/sql/callback.writer.js';
import { ListenerRegistry } from '../delivery/listeners/listener.registry.js';
import { EventInterpreter, type Interpretation } from '../events/event-interpreter.js';
import { keepBody } from '../events/payload/kept-body.js';
import type { JsonObject, Payload } from '../events/payload/payload.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { withoutStreamParam } from './without-stream-param.js';

/** A verified request. */
export interface VerifiedRequest {
  readonly payload: Pick<Payload, 'value' | 'unreadable'>;
  /** The body; not looked at where it is not JSON. */
  readonly text: string;
  /** Kind of the URL; null on the URL for every kind. */
  readonly routeKind: string | null;
  readonly remoteAddress: string | null;
  /** Default: `callback`. */
  readonly origin?: CallbackOrigin;
  /** Span of the request (`traceparent` of W3C Trace Context). Default: not known. */
  readonly traceparent?: string | null;
  /** When it came, Unix milliseconds. Default: now. */
  readonly receivedAt?: number;
}

/** A callback that is ready to be stored. */
export interface MappedCallback {
  readonly row: NewCallback;
  readonly meaning: Interpretation;
  readonly payload: JsonObject;
}

/**
 * From verified JSON to a typed callback. Never refuses: what does not fit is kept as such.
 *
 * @throws KindError when a DTO threw, and it cannot be told whether the callback fits
 */
@Injectable()
export class CallbackMapper {
  private readonly ids = new IdSource();

  constructor(
    private readonly interpreter: EventInterpreter,
    private readonly listeners: ListenerRegistry,
    private readonly config: LiveCallbackConfig,
  ) {}

  transform(request: VerifiedRequest): MappedCallback {
    const { routeKind, remoteAddress, receivedAt = this.config.clock() } = request;
    // Before all else, so that what is stored, spooled, compared and delivered is one body.
    const { payload, text } = this.config.keepStreamParam ? request : withoutStreamParam(request);
    const { value, unreadable } = payload;
    const meaning = this.interpreter.interpret(value, unreadable);
    if (meaning.failure) throw meaning.failure;
    const { kind, state, stream } = meaning;
    const warnings = [...meaning.warnings];
    if (routeKind !== null && routeKind !== kind) warnings.unshift(`other-route: ${routeKind}`);
    // Keys are bound to domains, and of this one none is known.
    if (stream.domain === null && this.config.hasBoundKeys) warnings.unshift('domain-unproven');
    const id = this.ids.next(receivedAt);
    const row: NewCallback = {
      id,
      registration: this.config.name,
      origin: request.origin ?? 'callback',
      kind,
      eventType: meaning.eventType,
      state,
      appId: columnText(stream.appId, ID_LENGTH),
      domain: columnText(stream.domain, NAME_LENGTH),
      path: columnText(stream.path, NAME_LENGTH),
      streamName: columnText(stream.name, NAME_LENGTH),
      sequence: columnText(meaning.sequence, ID_LENGTH),
      occurredAt: meaning.occurredAt?.getTime() ?? null,
      receivedAt,
      contentDigest: meaning.contentDigest,
      identityDigest: meaning.identityDigest,
      warnings: lines(warnings),
      errors: lines(meaning.errors),
      remoteAddress,
      traceparent: request.traceparent ?? null,
      ...(unreadable ? keepBody(unreadable.bytes) : { body: text, bodyEncoding: 'utf8' as const }),
      routeKind,
      deliveries:
        state === 'quarantined'
          ? []
          : deliveriesOf(id, this.config.name, stream, this.listeners.matching(kind)),
    };
    return { row, meaning, payload: value };
  }
}

function lines(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : JSON.stringify(texts);
}
