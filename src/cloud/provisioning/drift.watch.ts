import { setTimeout as sleep } from 'node:timers/promises';

import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { OutageLog } from '../../common/outage.log.js';
import { outsideRequests } from '../../common/outside-requests.js';
import { TimeScale } from '../../common/time-scale.js';
import { TemplateDrift } from '../../operations/health/template-drift.js';
import type { PartFinder } from '../registration.parts.js';
import type { DriftReport } from './drift.js';

/** Whom to ask how the account differs from what is declared. */
export interface DriftSource {
  /** Only reads. */
  drift(): Promise<DriftReport>;
}

const EVERY_MS = 600_000;

/** Looks every ten minutes whether the account has the callback templates that are declared. */
export class DriftWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly outage = new OutageLog(new Logger('LiveCallback'));
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly templates: DriftSource,
    private readonly find: PartFinder,
  ) {}

  /** @throws CloudError when there is no such registration */
  onApplicationBootstrap(): void {
    const seen = this.find(TemplateDrift);
    const time = this.find(TimeScale);
    this.running = outsideRequests(() => this.run(seen, time.real(EVERY_MS)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(seen: TemplateDrift, everyMs: number): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      seen.differences = await this.look();
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {}); // it stops
    }
  }

  private async look(): Promise<number | null> {
    try {
      const { findings, blockers } = await this.templates.drift();
      this.outage.works();
      return findings.length + blockers.length;
    } catch (error) {
      this.outage.failed(
        () => `Callback templates could not be compared with the account: ${errorText(error)}`,
      );
      return null;
    }
  }
}
