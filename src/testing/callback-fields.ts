import { randomUUID } from 'node:crypto';

/** Fields of a callback, in their spelling on the wire. */
export type CallbackFields = Record<string, unknown>;

/** The stream that the builders speak of. */
export const STREAM = { appid: 12345678, app: 'push.example.com', appname: 'live' };

/** Its name, as most kinds carry it. */
export const IDS = { stream_id: 'test_stream', channel_id: 'test_stream' };

/** A function that makes a callback of a kind, some of its fields being given. */
export function builder(defaults: () => CallbackFields) {
  return (fields: CallbackFields = {}): CallbackFields => ({ ...defaults(), ...fields });
}

/** Now, Unix seconds. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A decimal of up to 19 digits, as CSS numbers pushes and tasks: new for each call. */
export function decimalId(): string {
  return String(BigInt(`0x${randomUUID().replaceAll('-', '').slice(0, 15)}`));
}
