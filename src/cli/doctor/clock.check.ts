import { requestOnce } from '../http.client.js';
import { broken, ok, warning, type Finding } from './finding.js';

/** A difference that is worth a look, s. */
const STRANGE_SECONDS = 30;
/** CSS signs for 600 s, and the module takes what is valid for 900 s at most. */
const FAST_SECONDS = 600;
const SLOW_SECONDS = -300;
const FIX = 'Let NTP keep the clock of both machines.';

/** What a clock says, and when it was asked. */
export interface ClockReading {
  /** Unix milliseconds. */
  readonly time: number;
  /** Local time halfway through the question, Unix milliseconds. */
  readonly at: number;
  /** How exact it is, ms. */
  readonly exactMs: number;
}

/** The clock of an HTTP server; undefined when it does not tell. */
export async function readHttpClock(
  url: URL,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ClockReading | undefined> {
  const before = Date.now();
  const { headers } = await requestOnce(url, { method: 'HEAD', timeoutMs, signal });
  const after = Date.now();
  const time = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(time)) return undefined;
  // The header cuts the fraction off.
  return { time: time + 500, at: (before + after) / 2, exactMs: 500 + (after - before) / 2 };
}

/** Does this clock agree with the other? */
export function checkClock(whose: string, reading: ClockReading): Finding {
  const check = 'clock';
  const seconds = (reading.at - reading.time) / 1000;
  const distance = Math.max(0, Math.abs(seconds) - reading.exactMs / 1000);
  const amount = `${Math.round(Math.abs(seconds))} s ${seconds > 0 ? 'ahead of' : 'behind'} ${whose}`;
  if (distance <= STRANGE_SECONDS) return ok(check, `This clock agrees with ${whose}.`);
  if (seconds >= FAST_SECONDS) {
    return broken(check, `This clock is ${amount}: what CSS signs has expired here.`, FIX);
  }
  if (seconds <= SLOW_SECONDS) {
    return broken(check, `This clock is ${amount}: what CSS signs is not valid yet here.`, FIX);
  }
  return warning(check, `This clock is ${amount}: late retries of CSS may be refused.`, FIX);
}
