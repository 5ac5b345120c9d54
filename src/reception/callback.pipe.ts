import { Inject, Injectable } from '@nestjs/common';

import { deliveriesOf, type NewCallback } from '../audit/index.js';
import { ListenerRegistry } from '../bus/index.js';
import { EventInterpreter, type Interpretation, type JsonObject } from '../events/index.js';
import { LIVE_CALLBACK_CONFIG, type LiveCallbackConfig } from '../live-callback.config.js';
import { CallbackIdSource } from './callback-id.source.js';

/** A verified request. */
export interface VerifiedRequest {
  readonly payload: JsonObject;
  readonly text: string;
  /** Kind of the URL; null on the URL for every kind. */
  readonly routeKind: string | null;
  readonly remoteAddress: string | null;
  /** When it came, Unix milliseconds. Default: now. */
  readonly receivedAt?: number;
}

/** A callback that is ready to be stored. */
export interface TypedCallback {
  readonly row: NewCallback;
  readonly meaning: Interpretation;
  readonly payload: JsonObject;
  readonly routeKind: string | null;
}

const NAME_LENGTH = 255;
const ID_LENGTH = 64;

/** From verified JSON to a typed callback. Never refuses: what does not fit is kept as such. */
@Injectable()
export class CallbackPipe {
  private readonly ids = new CallbackIdSource();

  constructor(
    private readonly interpreter: EventInterpreter,
    private readonly listeners: ListenerRegistry,
    @Inject(LIVE_CALLBACK_CONFIG) private readonly config: LiveCallbackConfig,
  ) {}

  transform({
    payload,
    text,
    routeKind,
    remoteAddress,
    receivedAt = this.config.clock(),
  }: VerifiedRequest): TypedCallback {
    const meaning = this.interpreter.interpret(payload);
    const { kind, state, stream } = meaning;
    const isStray = routeKind !== null && routeKind !== kind;
    const remarks = isStray ? [`other-route: ${routeKind}`, ...meaning.remarks] : meaning.remarks;
    const id = this.ids.next(receivedAt);
    const row: NewCallback = {
      id,
      kind,
      eventType: meaning.eventType,
      state,
      appId: column(stream.appId, ID_LENGTH),
      domain: column(stream.domain, NAME_LENGTH),
      path: column(stream.path, NAME_LENGTH),
      streamName: column(stream.name, NAME_LENGTH),
      sequence: column(meaning.sequence, ID_LENGTH),
      occurredAt: meaning.occurredAt?.getTime() ?? null,
      receivedAt,
      contentDigest: meaning.contentDigest,
      identityDigest: meaning.identityDigest,
      remarks: lines(remarks),
      errors: lines(meaning.errors),
      remoteAddress,
      body: text,
      deliveries:
        state === 'quarantined' ? [] : deliveriesOf(id, stream, this.listeners.matching(kind)),
    };
    return { row, meaning, payload, routeKind };
  }
}

/** Text that every database takes into an indexed column; the body keeps what was sent. */
function column(text: string | null, maxLength: number): string | null {
  return text === null ? null : text.slice(0, maxLength).toWellFormed().replaceAll('\0', '\ufffd');
}

function lines(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : JSON.stringify(texts);
}
