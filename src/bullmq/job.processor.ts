import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';

import type { DeliveryPlacement, LaneResult } from '../bus/index.js';
import { toLine } from '../bus/index.js';
import { readJobData, type DeliveryJobData } from './delivery.job.js';
import { UnrecoverableError } from './optional-packages.js';

/** How often the same trouble is logged, ms. */
const REMIND_MS = 60_000;

/** What a job says that had no run to wait for. */
const SAYS: Partial<Record<LaneResult['state'], string>> = {
  done: 'done',
  behind: 'waits: an earlier event of its stream failed and is tried again first',
  shared: 'runs here after the earlier events of its stream',
  lost: 'given back before it ran: the application stops, or another process has it',
};

/** Works on a job: finds its row, runs the lane of the row, and reports what came of it. */
export class JobProcessor {
  private readonly logger = new Logger('LiveCallback');
  private readonly saidAt = new Map<string, number>();

  constructor(
    private readonly queue: string,
    private readonly registrations: ReadonlyMap<string, DeliveryPlacement>,
  ) {}

  /**
   * @returns what became of the delivery, for dashboards
   * @throws the listener's error, the database's, and UnrecoverableError for a job that is not ours
   */
  async process(job: Job): Promise<string> {
    const data = readJobData(job.data);
    if (!data) {
      this.refuse(
        'foreign',
        job,
        `it is no job of nestjs-live-callback. Somebody else uses the queue "${this.queue}": give LiveCallbackBullModule one of its own, register({ queue: 'my-live-callback' })`,
      );
    }
    const lanes = this.registrations.get(data.path)?.lanes;
    if (!lanes) {
      this.refuse(
        'path',
        job,
        `this process has no LiveCallbackModule with the path "${shown(data.path)}". Import the same registrations in every process that shares the queue`,
      );
    }
    if (!lanes.hasListener(data.listener)) {
      this.refuse(
        'listener',
        job,
        `this process has no listener "${shown(data.listener)}". The delivery waits for a process that has it`,
      );
    }
    const { state, error } = await lanes.run(data, data.callbackId);
    if (state === 'elsewhere') return this.explain(job, data);
    if (error === null) return SAYS[state] ?? state;
    throw new Error(error);
  }

  /** The row is not held here: it is done, another process has it, or it is not there at all. */
  private async explain(job: Job, data: DeliveryJobData): Promise<string> {
    const { callbackId, listener, streamKey } = data;
    const row = await this.registrations.get(data.path)?.lanes.standingOf(callbackId, listener);
    if (!row || row.streamKey !== streamKey) {
      this.refuse(
        'row',
        job,
        row
          ? 'it names another stream than its row, so it was tampered with'
          : 'there is no row for it: it was purged, belongs to another database, or the job was tampered with',
      );
    }
    if (row.state !== 'pending') return `nothing to do: ${row.state} before`;
    return row.isHeld
      ? 'nothing to do: another process runs it'
      : 'waits for its turn: an earlier event of its stream runs elsewhere, or it is not due';
  }

  /** @throws UnrecoverableError */
  private refuse(trouble: string, job: Job, reason: string): never {
    const now = performance.now();
    if (now - (this.saidAt.get(trouble) ?? -Infinity) >= REMIND_MS) {
      this.saidAt.set(trouble, now);
      this.logger.warn(`Job ${shown(job.id)} of the queue "${this.queue}" was refused: ${reason}.`);
    }
    throw new UnrecoverableError(reason);
  }
}

/** Anybody who can write to Redis may have chosen it. */
function shown(text: string | undefined): string {
  return toLine(String(text), 100);
}
