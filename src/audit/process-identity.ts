import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';

/** Who holds a lease: this registration of the module in this run of the process. */
@Injectable()
export class ProcessIdentity {
  readonly id = randomUUID();
}
