import { Injectable, Logger } from '@nestjs/common';

import { DeliveryLedger, errorText, type DeliveryOutcome } from '../bus/index.js';
import { BatchQueue } from './batch.queue.js';
import { CallbackDatabase } from './callback.database.js';

const LIMITS = { items: 256, weight: Infinity, waiting: Infinity };

/** Records what became of deliveries, many in one transaction. */
@Injectable()
export class DeliveryRecorder extends DeliveryLedger {
  private readonly logger = new Logger('LiveCallback');
  private readonly queue = new BatchQueue<DeliveryOutcome, void>(
    (outcomes) => this.write(outcomes),
    LIMITS,
    (error) => this.database.writer.isRowFault(error),
  );

  constructor(private readonly database: CallbackDatabase) {
    super();
  }

  async settle(outcome: DeliveryOutcome): Promise<void> {
    try {
      await this.queue.add(outcome);
    } catch (error) {
      const { listener, callbackId } = outcome;
      this.logger.error(
        `The outcome of ${listener} on ${callbackId} was not recorded, so the delivery stays open: ${errorText(error)}`,
      );
    }
  }

  private async write(outcomes: readonly DeliveryOutcome[]): Promise<void[]> {
    await this.database.writer.settle(outcomes);
    return outcomes.map(() => undefined);
  }
}
