import { signatureOf, streamPushCallback } from '../../src/testing/index.js';
import { DUE_DIGITS, DUE_PLACE } from './due.time.js';
import { STREAMS } from './streams.js';

/** Digits of the number of a callback; no two callbacks of a run share one. */
const NUMBER_DIGITS = 12;
const STREAM_DIGITS = 5;
const STREAM_PLACE = 'bench-00000';
const NUMBER_PLACE = '8000000000000000000';
/** How long CSS lets a signature live, seconds. */
const LIFETIME_SECONDS = 600;

/**
 * One request as bytes, made once: a push as CSS sends it. Only its number, its stream and the time
 * at which it was due are written anew for each callback, which costs the generator next to nothing.
 */
export class RequestTemplate {
  private readonly bytes: Buffer;
  private readonly numberAt: number;
  private readonly streamAt: number;
  private readonly dueAt: number;

  constructor(key: string, isForged: boolean) {
    const t = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
    const sign = signatureOf(isForged ? `${key}forged` : key, t);
    const fields = {
      stream_id: STREAM_PLACE,
      channel_id: 'bench',
      sequence: NUMBER_PLACE,
      stream_param: DUE_PLACE,
    };
    const body = JSON.stringify({ ...streamPushCallback(fields), t, sign });
    const head = [
      'POST /live-callback HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
    this.streamAt = this.bytes.indexOf(STREAM_PLACE) + STREAM_PLACE.length - STREAM_DIGITS;
    this.numberAt = this.bytes.indexOf(NUMBER_PLACE) + NUMBER_PLACE.length - NUMBER_DIGITS;
    this.dueAt = this.bytes.indexOf(DUE_PLACE) + DUE_PLACE.length - DUE_DIGITS;
  }

  /** A copy for one connection, which sends one request at a time. */
  copy(): Buffer {
    return Buffer.from(this.bytes);
  }

  /** Makes a copy the request of one callback. */
  write(copy: Buffer, number: number, dueMicros: number): void {
    writeDigits(copy, this.numberAt, NUMBER_DIGITS, number);
    writeDigits(copy, this.streamAt, STREAM_DIGITS, number % STREAMS);
    writeDigits(copy, this.dueAt, DUE_DIGITS, dueMicros);
  }
}

function writeDigits(buffer: Buffer, at: number, digits: number, number: number): void {
  let rest = number;
  for (let place = at + digits - 1; place >= at; place--) {
    buffer[place] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
