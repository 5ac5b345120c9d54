import { Injectable, Logger } from '@nestjs/common';

import { StorageUnavailableError } from '../audit/index.js';
import { CallbackIntake } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { closeContext, contextOf } from './callback.context.js';
import { CallbackPipe, type TypedCallback } from './callback.pipe.js';
import { writeReply } from './callback.reply.js';
import { CallbackSpool } from './callback.spool.js';
import { CallbackRefusedError } from './refusal.js';
import { remoteAddressOf } from './remote-address.js';

/** The way of a verified callback: typed, stored, acknowledged. */
@Injectable()
export class StoringCallbackIntake extends CallbackIntake {
  private readonly logger = new Logger('LiveCallback');
  private readonly strayRoutes = new Set<string>();

  constructor(
    private readonly pipe: CallbackPipe,
    private readonly spool: CallbackSpool,
  ) {
    super();
  }

  /** @throws CallbackRefusedError when the edge has not read the body */
  async receive(routeKind: string | null, request: object, response: object): Promise<void> {
    const context = contextOf(request);
    if (context?.payload === undefined || context.text === undefined) {
      throw new CallbackRefusedError('body-not-captured');
    }
    const callback = this.pipe.transform({
      payload: context.payload,
      text: context.text,
      routeKind,
      remoteAddress: remoteAddressOf(request),
    });
    const { kind, state } = callback.row;
    emitSignal('received', () => ({ kind, state, routeKind }));
    this.warnOfStray(callback);
    writeReply(response, await this.keep(callback));
    closeContext(request);
  }

  /** Status of the answer: 200 exactly when the callback is durable. */
  private async keep(callback: TypedCallback): Promise<200 | 503> {
    try {
      await this.spool.keep(callback);
      return 200;
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.error(`A ${callback.row.kind} callback was answered with 503: ${error.reason}`);
      return 503;
    }
  }

  /** The template holds a wrong URL; once per pair of kinds is enough to say so. */
  private warnOfStray({ row, routeKind }: TypedCallback): void {
    const pair = `${row.kind} at ${routeKind}`;
    if (routeKind === null || routeKind === row.kind || this.strayRoutes.has(pair)) return;
    this.strayRoutes.add(pair);
    this.logger.warn(
      `A ${row.kind} callback came to the URL for ${routeKind} and is treated as ${row.kind}. Check the URLs of the callback template.`,
    );
  }
}
