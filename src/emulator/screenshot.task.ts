import { decimalId, type CallbackFields } from '../testing/callback-fields.js';
import type { SentCallback } from './outgoing.callback.js';
import { positive } from './option.checks.js';
import { imageAuditPayload, screenshotPayload, type Picture } from './payloads/picture.payloads.js';
import type { StreamVoice } from './stream.voice.js';

/** How pictures of a stream are taken. */
export interface ScreenshotOptions {
  /** From one picture to the next, ms. Default: 10000. */
  intervalMs?: number;
  /** Every how many pictures moderation finds one suspicious. Default: none. */
  hitEvery?: number;
}

/** From a picture to the verdict on it. */
const MODERATION_MS = 2_000;

/** Takes pictures of a stream, at an interval or on demand, and has them moderated. */
export class ScreenshotTask {
  private readonly taskId = decimalId();
  private taken = 0;
  private last: Picture | null = null;
  private unschedule = () => {};

  constructor(private readonly stream: StreamVoice) {}

  /** Takes pictures from now on, the first after one interval. */
  start(options: ScreenshotOptions): void {
    const { intervalMs = 10_000, hitEvery } = checkedScreenshots(options);
    const tick = () => {
      this.take();
      if (hitEvery !== undefined && this.taken % hitEvery === 0) this.moderate({}, MODERATION_MS);
      this.unschedule = this.stream.clock.setTimeout(tick, intervalMs);
    };
    this.unschedule = this.stream.clock.setTimeout(tick, intervalMs);
  }

  stop(): void {
    this.unschedule();
  }

  /** Takes one picture now. */
  take(fields: CallbackFields = {}): SentCallback {
    const picture = this.picture();
    this.last = picture;
    return this.stream.say('screenshot', {
      ...screenshotPayload(this.stream.session, picture),
      ...fields,
    });
  }

  /** Finds the last picture suspicious; takes one unreported if there is none yet. */
  moderate(fields: CallbackFields = {}, delayMs = 0): SentCallback {
    this.last ??= this.picture();
    const { session, clock } = this.stream;
    const payload = imageAuditPayload(session, clock.now() + delayMs, this.last);
    return this.stream.say('image-audit', { ...payload, ...fields }, delayMs);
  }

  private picture(): Picture {
    return {
      taskId: this.taskId,
      takenAt: this.stream.clock.now(),
      number: ++this.taken,
    };
  }
}

/** @throws EmulatorError for an interval or a number that is none */
export function checkedScreenshots(options: ScreenshotOptions): ScreenshotOptions {
  const { intervalMs, hitEvery } = options;
  if (intervalMs !== undefined) positive('screenshots.intervalMs', intervalMs);
  if (hitEvery !== undefined) positive('screenshots.hitEvery', hitEvery);
  return options;
}
