import { Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import { OutageLog } from '../common/outage.log.js';

/** What to do, by what Redis and its client say. The first match counts. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  [
    /WRONGPASS|NOAUTH|NOPERM|invalid password|without any password/i,
    'Check user and password of the connection given to BullModule.forRoot, and that this user may run scripts on the keys of the queue.',
  ],
  [
    /OOM command not allowed/i,
    'Redis is full: give it more memory, or look what else fills it. Leave maxmemory-policy at noeviction.',
  ],
  [/READONLY/i, 'This Redis is a replica: connect to the primary.'],
];
const DEFAULT_FIX =
  'Check host and port of the connection given to BullModule.forRoot, and that Redis runs.';

/** Says once per outage of Redis what is wrong, and once that it is over. */
export class RedisOutage {
  private readonly log = new OutageLog(new Logger('LiveCallback'));
  private lost = 0;

  /** Whether the latest that is known is a failure. */
  get lasts(): boolean {
    return this.log.lasts;
  }

  /** @param wakeUps jobs that could not be added */
  begin(error: unknown, wakeUps = 0): void {
    this.lost += wakeUps;
    this.log.failed(() => {
      const text = errorText(error).replace(/\/\/[^/\s]*@/g, '//***@');
      const fix = FIXES.find(([pattern]) => pattern.test(text))?.[1] ?? DEFAULT_FIX;
      return `Redis cannot be used: ${text}. Callbacks are stored, and their listeners run by polls until it can. ${fix}`;
    });
  }

  end(): void {
    this.log.works(
      () =>
        `Redis can be used again; ${this.lost} jobs were not added meanwhile, and are left to polls.`,
    );
    this.lost = 0;
  }
}
