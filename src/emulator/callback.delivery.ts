import { randomUUID } from 'node:crypto';

import { requestOf } from './callback.request.js';
import type { EmulatorClock } from './emulator.clock.js';
import type { Fault } from './faults/fault.book.js';
import { postCallback, type CallbackAnswer, type CallbackRequest } from './http.poster.js';
import type { CallbackOutcome, OutgoingCallback } from './outgoing.callback.js';
import { retryRuleOf, type RetryProfile } from './retry-profile.js';
import type { CallbackAttempt } from './stream.history.js';

/** By what rules a callback is delivered, and who is told. */
export interface DeliveryRules {
  readonly clock: EmulatorClock;
  readonly profile: RetryProfile;
  /** Whether a retry gets a signature of its own time. */
  readonly resign: boolean;
  readonly onAttempt: (attempt: CallbackAttempt) => void;
}

interface Sent {
  readonly request: CallbackRequest;
  readonly retry: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Brings one callback to its receiver: attempt by attempt, until it is acknowledged or given up. */
export class CallbackDelivery {
  /** Of the first attempt, Unix milliseconds. */
  private signedAt: number | null = null;
  private unschedule = () => {};
  /** Ends the attempt that is under way; null between attempts. */
  private breakOff: ((reason: string) => void) | null = null;
  private isCancelled = false;

  constructor(
    readonly callback: OutgoingCallback,
    private readonly faults: readonly Fault[],
    private readonly rules: DeliveryRules,
    private readonly onEnd: (outcome: CallbackOutcome) => void,
  ) {}

  /** Sends it as soon as the clock lets it, or later. */
  start(delayMs: number): void {
    this.schedule(() => this.attempt(0), delayMs);
  }

  /** Ends it now; an attempt that is under way is broken off and recorded. */
  cancel(): void {
    this.isCancelled = true;
    this.unschedule();
    if (this.breakOff) this.breakOff('the emulator was closed');
    else this.onEnd('cancelled');
  }

  private schedule(run: () => void | Promise<void>, ms: number): void {
    this.unschedule = this.rules.clock.setTimeout(run, ms);
  }

  private attempt(retry: number): void | Promise<void> {
    const { clock, resign, profile } = this.rules;
    const at = clock.now();
    const names = this.faults.filter(({ attempts }) => retry < attempts).map(({ name }) => name);
    this.signedAt = resign ? at : (this.signedAt ?? at);
    const request = requestOf(this.callback, this.signedAt, names);
    const sent = { request, retry, at };
    const silence = `no answer within ${profile.timeoutMs} ms`;
    const fail = (error: string) => this.conclude(sent, { status: null, answer: '', error });
    const waitInVain = (ms: number) => {
      this.breakOff = fail;
      this.schedule(() => fail(silence), ms);
    };
    if (names.includes('lost-request')) return waitInVain(profile.timeoutMs);
    const controller = new AbortController();
    this.breakOff = (reason) => controller.abort(reason);
    const work = postCallback(request, controller.signal).then((answer) => {
      this.unschedule();
      const isLost = answer.error === null && names.includes('lost-answer');
      if (isLost) return waitInVain(at + profile.timeoutMs - clock.now());
      return this.conclude(sent, answer);
    });
    this.schedule(() => {
      controller.abort(silence);
      return work;
    }, profile.timeoutMs);
    return work;
  }

  private conclude({ request, retry, at }: Sent, answer: CallbackAnswer): void {
    const { clock, profile, onAttempt } = this.rules;
    const { id: callbackId, kind, eventType, origin } = this.callback;
    this.breakOff = null;
    const endedAt = clock.now();
    const rule = retryRuleOf(profile, kind);
    const isAcknowledged = isSuccess(profile, answer);
    const isLast = isAcknowledged || retry >= rule.retries || this.isCancelled;
    const next = (profile.intervalFrom === 'start' ? at : endedAt) + rule.intervalMs;
    const nextAttemptAt = isLast ? null : Math.max(next, endedAt);
    if (nextAttemptAt === null) {
      this.onEnd(isAcknowledged ? 'acknowledged' : this.isCancelled ? 'cancelled' : 'given-up');
    } else {
      this.schedule(() => this.attempt(retry + 1), nextAttemptAt - endedAt);
    }
    onAttempt({
      id: randomUUID(),
      callbackId,
      kind,
      eventType,
      ...origin,
      url: withoutSecrets(request.url),
      at,
      endedAt,
      request: { headers: request.headers, body: request.body },
      ...answer,
      isAcknowledged,
      retry,
      nextAttemptAt,
    });
  }
}

function isSuccess({ success }: RetryProfile, { status, answer }: CallbackAnswer): boolean {
  if (success === 'status') return status === 200;
  try {
    const body = JSON.parse(answer) as { code?: unknown } | null;
    return status !== null && body?.code === 0;
  } catch {
    return false; // not JSON is an answer like any other that does not acknowledge
  }
}

/** Tokens of receivers stand in query strings, credentials before the host. */
function withoutSecrets(text: string): string {
  if (!URL.canParse(text)) return '(not a URL)';
  const url = new URL(text);
  const query = url.search === '' ? '' : '?***';
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}
