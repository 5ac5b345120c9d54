import { Injectable, Logger } from '@nestjs/common';

import {
  CallbackStore,
  FIRST_FENCE,
  StorageUnavailableError,
  streamKeyOf,
  type StoreResult,
} from '../audit/index.js';
import { LiveEventDispatcher } from '../bus/index.js';
import { CallbackIntake, toLiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { contextOf } from './callback.context.js';
import { CallbackPipe, type TypedCallback } from './callback.pipe.js';
import { writeReply } from './callback.reply.js';
import { CallbackRefusedError } from './refusal.js';
import { remoteAddressOf } from './remote-address.js';

/** The way of a verified callback: typed, stored, acknowledged, handed on. */
@Injectable()
export class StoringCallbackIntake extends CallbackIntake {
  private readonly logger = new Logger('LiveCallback');
  private readonly strayRoutes = new Set<string>();

  constructor(
    private readonly pipe: CallbackPipe,
    private readonly store: CallbackStore,
    private readonly dispatcher: LiveEventDispatcher,
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
    this.warnOfStray(routeKind, callback);
    writeReply(response, await this.storeAndHandOn(callback));
    clearTimeout(context.timer);
  }

  /** Status of the answer: 200 exactly when the callback is durable. */
  private async storeAndHandOn(callback: TypedCallback): Promise<200 | 503> {
    const { kind } = callback.row;
    try {
      const { outcome } = await this.store.put(callback.row, (result) =>
        this.handOn(callback, result),
      );
      if (outcome === 'duplicate') emitSignal('duplicate', () => ({ kind }));
      return 200;
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.error(`A ${kind} callback was answered with 503: ${error.reason}`);
      return 503;
    }
  }

  /** Comes once per callback, after its commit. What does not fit reaches no listener. */
  private handOn({ row, meaning, payload }: TypedCallback, { variant, leased }: StoreResult): void {
    const { id, kind, state, eventType } = row;
    emitSignal('stored', () => ({ id, kind, state, variant }));
    if (variant) emitSignal('variant', () => ({ id, kind }));
    if (state === 'unknown') emitSignal('unknown', () => ({ id, eventType }));
    if (state === 'quarantined') {
      emitSignal('quarantined', () => ({ id, kind, errors: meaning.errors }));
      return;
    }
    const facts = { id, receivedAt: new Date(row.receivedAt), attempt: 1, variant };
    const event = toLiveEvent(facts, meaning, payload);
    this.dispatcher.announce(event);
    this.dispatcher.dispatch(event, {
      listeners: leased,
      streamKey: streamKeyOf(meaning.stream),
      fence: FIRST_FENCE,
      isCounted: true,
    });
  }

  /** The template holds a wrong URL; once per pair of kinds is enough to say so. */
  private warnOfStray(routeKind: string | null, { row }: TypedCallback): void {
    const pair = `${row.kind} at ${routeKind}`;
    if (routeKind === null || routeKind === row.kind || this.strayRoutes.has(pair)) return;
    this.strayRoutes.add(pair);
    this.logger.warn(
      `A ${row.kind} callback came to the URL for ${routeKind} and is treated as ${row.kind}. Check the URLs of the callback template.`,
    );
  }
}
