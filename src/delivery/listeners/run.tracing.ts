import { Injectable } from '@nestjs/common';

import type { LiveEvent } from '../../events/live-event.js';

/** Follows the runs of listeners, such as by spans. */
export interface RunTracer {
  /** @returns null when nobody would see it */
  begin(listener: string, event: LiveEvent): RunTrace | null;
}

/** Follows one run. */
export interface RunTrace {
  /** Calls the handler in the asynchronous context of the trace. */
  within<R>(work: () => R): R;
  succeeded(): void;
  failed(error: unknown): void;
}

/** Whether runs are followed, and by whom: nobody unless somebody says so. */
@Injectable()
export class RunTracing implements RunTracer {
  private tracer: RunTracer | undefined;

  /** To be called before the application has started. */
  use(tracer: RunTracer): void {
    this.tracer = tracer;
  }

  begin(listener: string, event: LiveEvent): RunTrace | null {
    return this.tracer?.begin(listener, event) ?? null;
  }
}
