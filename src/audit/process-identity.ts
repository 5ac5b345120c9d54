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
  readonly id = randomUUID();
}
