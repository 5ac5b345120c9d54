import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';

/**
 * How long a process may hold a delivery before others may take it, ms. Held ones are renewed, so
 * this is how long a dead process keeps its work from being resumed.
 */
export const LEASE_MS = 8_000;

/** Who holds a lease: this registration of the module in this run of the process. */
@Injectable()
export class ProcessIdentity {
  private owner: string = randomUUID();

  get id(): string {
    return this.owner;
  }

  /**
   * Takes another name, after a failure that leaves open whether rows were committed under the
   * present one: they are not in memory, and their lanes are closed to later events until a sweep has
   * found them. What is in memory takes the new name with its next renewal.
   */
  change(): void {
    this.owner = randomUUID();
  }
}
