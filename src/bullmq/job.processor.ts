import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';

import type { DeliveryPlacement } from '../delivery/delivery.placement.js';
import type { KeyResult } from '../delivery/ordering-key.runner.js';
import { toLine } from '../common/error-text.js';
import { MinuteLog } from '../common/minute.log.js';
import { readJobData } from './delivery.job.js';
import { UnrecoverableError, WaitingError } from './optional-packages.js';

/** What a job says that has ended without an error. */
const SAYS: Readonly<Record<KeyResult['state'], string>> = {
  ran: 'done',
  shared: 'runs here after the earlier events of its stream',
  nothing:
    'nothing to do: done before, held by another process, behind an event that failed, or the listener is held up',
  returned: 'left to a process in which this registration runs listeners',
};

/** Works on a job: runs the ordering key that it names, and reports what came of it. */
export class JobProcessor {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));

  constructor(
    private readonly queue: string,
    private readonly registrations: ReadonlyMap<string, DeliveryPlacement>,
  ) {}

  /**
   * @returns what became of the key, for dashboards
   * @throws the listener's error, the database's, UnrecoverableError for a job that is not ours, and
   *   WaitingError for one that others are to have, since the application stops
   */
  async process(job: Job, token: string | undefined): Promise<string> {
    const data = readJobData(job.data);
    if (!data) {
      this.refuse(
        'foreign',
        job,
        `it is no job of nestjs-live-callback. Somebody else uses the queue "${this.queue}": give LiveCallbackBullModule one of its own, register({ queue: 'my-live-callback' })`,
      );
    }
    const placement = this.registrations.get(data.registration);
    if (!placement) {
      this.refuse(
        'registration',
        job,
        `this process has no LiveCallbackModule with the name "${shown(data.registration)}". Import the same registrations in every process that shares the queue`,
      );
    }
    const { keys, runsListeners } = placement;
    if (!keys.hasListener(data.listener)) {
      this.refuse(
        'listener',
        job,
        `this process has no listener "${shown(data.listener)}". The delivery waits for a process that has it`,
      );
    }
    const { state, error } = await keys.run(data);
    if (error !== null) throw new Error(error);
    // One that never runs listeners would get it back again and again.
    if (state !== 'returned' || !runsListeners) return SAYS[state];
    await job.moveToWait(token);
    throw new WaitingError();
  }

  /** @throws UnrecoverableError */
  private refuse(trouble: string, job: Job, reason: string): never {
    this.log.warn(
      trouble,
      () => `Job ${shown(job.id)} of the queue "${this.queue}" was refused: ${reason}.`,
    );
    throw new UnrecoverableError(reason);
  }
}

/** Anybody who can write to Redis may have chosen it. */
function shown(text: string | undefined): string {
  return toLine(String(text), 100);
}
