import type { InjectionToken } from '@nestjs/common';

import type { OnLiveEventOptions } from '../delivery/listeners/listener.options.js';
import type { AnyLiveEvent, LiveEventPattern } from '../events/live-event.js';
import { LiveEventBrokerError } from './live-event-broker.error.js';
import { CloudEvent } from './optional-packages.js';

/** An event that can be forwarded: what CSS sends, and what tells of a session. */
export type ForwardedEvent = AnyLiveEvent;

/** Options of {@link LiveEventBrokerModule.register}. */
export interface LiveEventBrokerOptions extends Pick<
  OnLiveEventOptions,
  'attempts' | 'backoffMs' | 'maxBackoffMs' | 'concurrency' | 'order' | 'reconciled'
> {
  /** Token of the client: the `name` that ClientsModule has registered it under. */
  client: InjectionToken;
  /**
   * What is forwarded: kinds, `'*'` for all that CSS sends, unknown ones included, and what tells of sessions, by
   * name. Default: `['*']`.
   */
  kinds?: readonly LiveEventPattern[];
  /** `source` of the CloudEvents, a URI reference. Default: `/live-callback`. */
  source?: string;
  /**
   * Whether events have `stream_param`, the query of the push URL: the credentials of a push are in it.
   * Default: false.
   */
  includeStreamParam?: boolean;
  /**
   * Routing key, subject, topic or channel of an event. Default: `live-callback.<kind>`, and
   * `live-callback/<kind>` on MQTT.
   */
  topic?: (event: ForwardedEvent) => string;
  /**
   * Stable id of the durable listener: what one id has forwarded, another forwards again.
   * Default: `broker.<client>`.
   */
  id?: string;
  /** How long the broker may take to confirm an event, ms. Default: 10000. */
  timeoutMs?: number;
  /**
   * NATS: whether a stream of JetStream must acknowledge each event. Without, an event is gone when
   * nobody receives it at that moment. Default: true.
   */
  jetStream?: boolean;
}

/** The options with their defaults. */
export type LiveEventBrokerConfig = LiveEventBrokerOptions &
  Required<
    Pick<
      LiveEventBrokerOptions,
      | 'source'
      | 'id'
      | 'includeStreamParam'
      | 'timeoutMs'
      | 'jetStream'
      | 'attempts'
      | 'backoffMs'
      | 'maxBackoffMs'
    >
  > & { readonly clientName: string };

/**
 * A broker may be away for hours: events are tried until it has them, and at most every 15 seconds,
 * so that they are there soon after it is back.
 */
const DEFAULTS = {
  source: '/live-callback',
  includeStreamParam: false,
  timeoutMs: 10_000,
  jetStream: true,
  attempts: Infinity,
  backoffMs: 1_000,
  maxBackoffMs: 15_000,
} as const;

const LONGEST_TIMEOUT_MS = 600_000;

const NAMES = [
  'client',
  'kinds',
  'topic',
  'id',
  'concurrency',
  'order',
  'reconciled',
  ...Object.keys(DEFAULTS),
] as const;

/**
 * Fills in the defaults. The bus checks what concerns the listener.
 *
 * @throws LiveEventBrokerError naming the option
 */
export function resolveBrokerOptions(options: LiveEventBrokerOptions): LiveEventBrokerConfig {
  const stranger = Object.keys(options).find((name) => !NAMES.includes(name));
  if (stranger !== undefined) {
    throw optionError(stranger, `is no option. Options: ${NAMES.join(', ')}.`);
  }
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as LiveEventBrokerOptions;
  const clientName = nameOf(given.client);
  const config = { ...DEFAULTS, id: `broker.${clientName}`, ...given, clientName };
  const { timeoutMs, kinds, topic, jetStream, includeStreamParam } = config;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT_MS) {
    throw optionError('timeoutMs', `must be an integer from 1 to ${LONGEST_TIMEOUT_MS}.`);
  }
  if (kinds !== undefined && (!Array.isArray(kinds) || kinds.length === 0)) {
    throw optionError('kinds', 'must be a list of kinds; leave it out for all of them.');
  }
  if (topic !== undefined && typeof topic !== 'function') {
    throw optionError('topic', 'must be a function: (event) => `live.${event.kind}`.');
  }
  if (typeof jetStream !== 'boolean') throw optionError('jetStream', 'must be true or false.');
  if (typeof includeStreamParam !== 'boolean') {
    throw optionError('includeStreamParam', 'must be true or false.');
  }
  checkSource(config.source);
  return config;
}

function nameOf(client: InjectionToken): string {
  if (typeof client === 'string' && client !== '') return client;
  if (typeof client === 'symbol' && client.description) return client.description;
  if (typeof client === 'function' && client.name) return client.name;
  throw optionError(
    'client',
    "must be the name of a client that ClientsModule registers: ClientsModule.register([{ name: 'EVENTS', … }]) and client: 'EVENTS'.",
  );
}

function checkSource(source: unknown): void {
  try {
    void new CloudEvent({ id: 'check', type: 'check', source: source as string });
  } catch (error) {
    throw optionError(
      'source',
      "must be a URI reference, such as 'https://live.example.com'.",
      error,
    );
  }
}

function optionError(name: string, problem: string, cause?: unknown): LiveEventBrokerError {
  return new LiveEventBrokerError(`LiveEventBrokerModule.register: ${name} ${problem}`, { cause });
}
