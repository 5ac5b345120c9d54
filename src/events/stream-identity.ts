import type { JsonObject, JsonValue } from './payload/payload.js';

/** Which stream a callback speaks of. What a kind does not carry is null. */
export interface StreamIdentity {
  /** Account APPID. */
  readonly appId: string | null;
  /** Push domain: `app` or `domain` on the wire. */
  readonly domain: string | null;
  /** Push path (AppName): `appname` or `path` on the wire. */
  readonly path: string | null;
  /** Stream name: `stream_id` or `streamId` on the wire. */
  readonly name: string | null;
}

/**
 * The identity from any of the sender's envelope styles. The guard binds keys to domains by it and
 * rows and events carry it, so that a body with two spellings cannot mean two streams.
 */
export function streamIdentityOf(payload: JsonObject): StreamIdentity {
  return {
    appId: textOf(payload['appid'] ?? payload['appId']),
    domain: textOf(payload['app'] ?? payload['domain']),
    path: textOf(payload['appname'] ?? payload['path']),
    name: textOf(payload['stream_id'] ?? payload['streamId']),
  };
}

/** A text, or a number as text, unless no double holds it; anything else is null. */
export function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}
