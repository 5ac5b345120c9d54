import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { ClientProxy } from '@nestjs/microservices';

import type { LiveEventContext } from '../delivery/listeners/live-event.context.js';
import { NonRetryableError } from '../delivery/listeners/non-retryable.error.js';
import { OnLiveEvent } from '../delivery/listeners/on-live-event.decorator.js';
import { BrokerPublisher } from './broker.publisher.js';
import { toCloudEvent } from './cloud-event.mapper.js';
import { CloudEventSerializer } from './cloud-event.serializer.js';
import { LiveEventBrokerError } from './live-event-broker.error.js';
import type { ForwardedEvent, LiveEventBrokerConfig } from './live-event-broker.options.js';
import { transportOf, type BrokerTransport } from './transports/index.js';

/** What a run may take beside the wait for the broker, ms: the publisher's error says more. */
const MARGIN_MS = 5_000;
/** The same event would be refused for ever, and hold up its stream. */
const TOO_LARGE = /max_payload|message_too_large|too large/i;

/** Forwards the events of one registration of the module. */
export abstract class LiveEventForwarder
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger('LiveCallback');
  private publisher!: BrokerPublisher;
  private transport!: BrokerTransport;

  protected constructor(
    private readonly config: LiveEventBrokerConfig,
    private readonly modules: ModuleRef,
  ) {}

  /** @throws LiveEventBrokerError when there is no such client, or it would not send CloudEvents */
  onModuleInit(): void {
    const client = this.findClient();
    const place = `client ${this.config.clientName}`;
    this.transport = transportOf(client);
    const { serializer } = client as unknown as { serializer?: unknown };
    if (this.transport.wraps && !(serializer instanceof CloudEventSerializer)) {
      throw new LiveEventBrokerError(
        `The ${place} would wrap events as { pattern, data }. Add to its options: serializer: new CloudEventSerializer(), from nestjs-live-callback/broker.`,
      );
    }
    this.publisher = new BrokerPublisher(client, this.transport, place, this.logger);
  }

  /** In the background, so that a wrong address is in the log before the first event, and no more. */
  onApplicationBootstrap(): void {
    this.publisher.connect(AbortSignal.timeout(this.config.timeoutMs)).catch(() => {});
  }

  /** Clients close after this, in no certain order. */
  beforeApplicationShutdown(): void {
    this.publisher.stop();
  }

  /** @throws LiveEventBrokerError until the broker has confirmed the event, NonRetryableError */
  async forward(event: ForwardedEvent, { signal }: LiveEventContext): Promise<void> {
    const { source, includeStreamParam, timeoutMs, jetStream } = this.config;
    const message = {
      topic: this.topicOf(event),
      event: toCloudEvent(event, source, includeStreamParam),
      timeoutMs,
      jetStream,
    };
    try {
      await this.publisher.publish(message, signal);
    } catch (error) {
      const { message: text } = error as Error;
      if (TOO_LARGE.test(text)) throw new NonRetryableError(text, { cause: error });
      throw error;
    }
  }

  private topicOf(event: ForwardedEvent): string {
    if (!this.config.topic) return `live-callback${this.transport.separator}${event.kind}`;
    const topic: unknown = this.config.topic(event);
    if (typeof topic === 'string' && topic !== '') return topic;
    throw new LiveEventBrokerError(
      `The option topic of the client ${this.config.clientName} gave no text for ${event.kind}`,
    );
  }

  private findClient(): ClientProxy {
    const { client: token, clientName } = this.config;
    try {
      return this.modules.get<ClientProxy>(token, { strict: false });
    } catch (cause) {
      throw new LiveEventBrokerError(
        `There is no client ${clientName}. Import it: ClientsModule.register([{ name: '${clientName}', transport: Transport.RMQ, options: { … } }]).`,
        { cause },
      );
    }
  }
}

/** A listener with the kinds and settings of a registration, which a decorator on the class cannot know. */
export function createForwarder(
  config: LiveEventBrokerConfig,
  modules: ModuleRef,
): LiveEventForwarder {
  const { kinds = ['*'], id, attempts, backoffMs, maxBackoffMs, concurrency, order } = config;
  const { reconciled } = config;
  const timeoutMs = config.timeoutMs + MARGIN_MS;
  const given = Object.fromEntries(
    Object.entries({ concurrency, order, reconciled }).filter(([, value]) => value !== undefined),
  );
  class Forwarder extends LiveEventForwarder {
    constructor() {
      super(config, modules);
    }

    @OnLiveEvent([...kinds], { id, attempts, backoffMs, maxBackoffMs, timeoutMs, ...given })
    override forward(event: ForwardedEvent, context: LiveEventContext): Promise<void> {
      return super.forward(event, context);
    }
  }
  return new Forwarder();
}
