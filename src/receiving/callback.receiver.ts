import { Injectable, Logger } from '@nestjs/common';

import { StorageUnavailableError } from '../storage/storage.error.js';
import { MinuteLog } from '../common/minute.log.js';
import { emitSignal } from '../common/signals.js';
import { closeContext, contextOf } from './http/callback.context.js';
import { CallbackMapper, type MappedCallback } from './callback.mapper.js';
import { writeReply } from './http/callback.reply.js';
import { CallbackAcceptor } from './callback.acceptor.js';
import { CallbackRefusedError } from './refusals/refusal.js';
import { RequestTracing } from './request.tracing.js';
import { remoteAddressOf } from './http/remote-address.js';
import { signedAt } from './verification/clock.watch.js';
import { VolumeWatch } from './volume.watch.js';

/** The way of a verified callback: typed, stored, acknowledged. */
@Injectable()
export class CallbackReceiver {
  private readonly logger = new Logger('LiveCallback');
  private readonly log = new MinuteLog(this.logger);
  private readonly strayRoutes = new Set<string>();

  constructor(
    private readonly mapper: CallbackMapper,
    private readonly acceptor: CallbackAcceptor,
    private readonly volume: VolumeWatch,
    private readonly tracing: RequestTracing,
  ) {}

  /**
   * Takes one request of a callback route, from the verified body to the written answer.
   *
   * @param routeKind kind of the URL that was called; null on the URL for every kind
   * @param request the adapter's request (Express or Fastify)
   * @param response the adapter's response; status and body are written here
   * @throws CallbackRefusedError when the raw-body reader has not read the body, or the pair has
   *   brought too much; KindError when a DTO of the host threw
   */
  async receive(routeKind: string | null, request: object, response: object): Promise<void> {
    const context = contextOf(request);
    if (context?.payload === undefined) throw new CallbackRefusedError('body-not-captured');
    const remoteAddress = remoteAddressOf(request);
    this.volume.add(context.payload.value, context.body.byteLength, remoteAddress);
    const callback = this.mapper.transform({
      payload: context.payload,
      text: context.text ?? '',
      routeKind,
      remoteAddress,
      traceparent: this.tracing.traceparentOf(request),
    });
    const { kind, state, occurredAt, receivedAt } = callback.row;
    emitSignal('received', () => {
      const sentAt = signedAt(callback.payload['t']);
      const ageMs = occurredAt === null ? null : receivedAt - occurredAt;
      return {
        kind,
        state,
        routeKind,
        ageMs,
        delayMs: sentAt === null ? null : receivedAt - sentAt,
      };
    });
    this.warnOfStray(callback);
    const status = await this.keep(callback);
    writeReply(response, status);
    const durationMs = performance.now() - context.startedAt;
    emitSignal('answered', () => ({ kind, status, durationMs }));
    closeContext(request);
  }

  /** Status of the answer: 200 exactly when the callback is durable. */
  private async keep(callback: MappedCallback): Promise<200 | 503> {
    try {
      await this.acceptor.accept(callback);
      return 200;
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.log.error(
        error.reason,
        () => `A ${callback.row.kind} callback was answered with 503: ${error.reason}`,
      );
      return 503;
    }
  }

  /** The template holds a wrong URL; once per pair of kinds is enough to say so. */
  private warnOfStray({ row }: MappedCallback): void {
    const { routeKind } = row;
    const pair = `${row.kind} at ${routeKind}`;
    if (routeKind === null || routeKind === row.kind || this.strayRoutes.has(pair)) return;
    this.strayRoutes.add(pair);
    this.logger.warn(
      `A ${row.kind} callback came to the URL for ${routeKind} and is treated as ${row.kind}. Check the URLs of the callback template.`,
    );
  }
}
