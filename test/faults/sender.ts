import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { callbackNo } from './callbacks.js';
import { now } from './clock.js';
import type { Ledger } from './ledger.js';
import type { Outages } from './outages.js';

const SENDERS = 16;
/** CSS gives up waiting then, ms. */
const PATIENCE_MS = 20_000;
/** Pauses before the next try, ms. CSS waits a minute; the harness has less time. */
const AFTER_REFUSAL_MS = 50;
const AFTER_NO_ANSWER_MS = 40;
/** One of so many callbacks is sent several times at once, and one comes again after its 200. */
const STORM_EVERY = 10;
const ECHO_EVERY = 20;

/** What a request came to: a status, or nothing. */
type Answer = number | 'no answer' | 'too late';

/** Sends as CSS does: each body again and again until 200, and some of them more often than that. */
export class Sender {
  /** How often which answer came. */
  readonly answers = new Map<Answer, number>();
  /** Callbacks that were answered with 200. */
  acked = 0;
  /** Answers that must not be: 200 without a database, or neither 200 nor 503. */
  wrong: string[] = [];
  /** 503 while the database was there. */
  refusedWithoutOutage = 0;
  slowestMs = 0;
  private count = 0;
  /** Each request, be it another copy or another try, goes to the next node. */
  private turn = 0;
  private isOver = false;
  private readonly sending: Promise<void>[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: SENDERS * 4 });

  constructor(
    private readonly ports: readonly number[],
    private readonly key: string,
    private readonly ledger: Ledger,
    private readonly outages: Outages,
  ) {}

  start(): void {
    for (let n = 0; n < SENDERS; n++) this.sending.push(this.send());
  }

  /** Resolves when nothing is sent any more. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.sending);
    this.agent.destroy();
  }

  private async send(): Promise<void> {
    while (!this.isOver) {
      const n = this.count++;
      const { body, label } = callbackNo(n, this.key);
      const copies = n % STORM_EVERY === 0 ? 2 + (n % 3) : 1;
      const ackedAt = await this.sendUntilAcked(body, copies);
      if (ackedAt === null) return;
      this.acked++;
      this.ledger.acknowledge(body, label, ackedAt);
      if (n % ECHO_EVERY === 0) await this.post(body);
    }
  }

  /** @returns when the first 200 came; null when the run was over before */
  private async sendUntilAcked(body: string, copies: number): Promise<number | null> {
    let ackedAt: number | null = null;
    const post = async () => {
      const answer = await this.post(body);
      if (answer === 200) ackedAt ??= now();
      return answer;
    };
    for (;;) {
      const answers = await Promise.all(Array.from({ length: copies }, post));
      if (ackedAt !== null) return ackedAt;
      if (this.isOver) return null;
      await sleep(answers.includes(503) ? AFTER_REFUSAL_MS : AFTER_NO_ANSWER_MS);
    }
  }

  private async post(body: string): Promise<Answer> {
    const sentAt = now();
    const answer = await this.answerTo(body);
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    if (answer === 'no answer') return answer; // the process was killed
    const took = now() - sentAt;
    this.slowestMs = Math.max(this.slowestMs, took);
    if (answer === 'too late') return answer;
    if (this.outages.isWrong(sentAt, answer) || ![200, 503].includes(answer)) {
      this.wrong.push(`${answer} at ${Math.round(now())}, sent at ${Math.round(sentAt)}`);
    }
    if (answer === 503 && !this.outages.touches(sentAt, now())) this.refusedWithoutOutage++;
    return answer;
  }

  private answerTo(body: string): Promise<Answer> {
    return new Promise((resolve) => {
      const sending = request(
        {
          port: this.ports[this.turn++ % this.ports.length],
          host: '127.0.0.1',
          method: 'POST',
          path: '/live-callback',
          agent: this.agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 'no answer'));
          response.once('error', () => resolve('no answer'));
        },
      );
      sending.setTimeout(PATIENCE_MS, () => {
        resolve('too late');
        sending.destroy();
      });
      sending.once('error', () => resolve('no answer'));
      sending.end(body);
    });
  }
}
