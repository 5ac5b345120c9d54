import { setTimeout as sleep } from 'node:timers/promises';

import type { AuditSource } from '../audit/audit.source.js';
import { broken, ok, type Finding } from './finding.js';

/** The module writes its counts within a second. */
const WAIT_MS = 300;
const TRIES = 12;

/**
 * Tells by the counts of refused requests whether the application knows the key: only then an expired
 * probe counts as `expired`, otherwise as `sign-mismatch`.
 */
export class KnownKeyCheck {
  private constructor(
    private readonly audit: AuditSource,
    private readonly before: number,
  ) {}

  /** Takes the count before the probes. */
  static async begin(audit: AuditSource): Promise<KnownKeyCheck> {
    return new this(audit, await expiredCount(audit));
  }

  /** Takes the count after them. */
  async end(): Promise<Finding> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      if ((await expiredCount(this.audit)) > this.before) {
        return ok('key known', 'The application knows the key.');
      }
      await sleep(WAIT_MS);
    }
    return broken(
      'key known',
      'The application does not take what is signed with this key.',
      'Give the application the key of the callback template, for this push domain.',
    );
  }
}

async function expiredCount(audit: AuditSource): Promise<number> {
  const { items } = await audit.rejections({ limit: 100 });
  return items
    .filter(({ reason }) => reason === 'expired')
    .reduce((sum, { count }) => sum + count, 0);
}
