import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import type { Lease } from './sql/callback.writer.js';

/**
 * How long a process may hold a delivery before others may take it, ms. Held ones are renewed, so
 * this is how long a dead process keeps its work from being resumed.
 */
export const LEASE_MS = 8_000;

/** Who holds a lease: this registration of the module in this run of the process. */
@Injectable()
export class LeaseOwner {
  private owner: string = randomUUID();

  get id(): string {
    return this.owner;
  }

  /** The lease that it takes or prolongs now. */
  get lease(): Lease {
    return { owner: this.owner, milliseconds: LEASE_MS };
  }

  /**
   * Takes another name, after a failure that leaves open whether rows are leased under the present one:
   * they are not in memory, and their ordering keys are closed to later events until a poll has found
   * them. What is in memory takes the new name with its next renewal.
   */
  rename(): void {
    this.owner = randomUUID();
  }
}
