/** What one metric says, for those who make it and for docs/telemetry.md. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly description: string;
  /** Unit in the notation of OpenTelemetry. */
  readonly unit: string;
  /** Its attributes: each has few values, and none is a stream. */
  readonly attributes: readonly string[];
}

/** Before each name. */
export const METRIC_PREFIX = 'live_callback.';

/** Upper bounds of the buckets of a histogram, s: from an answer in a millisecond to an outage of hours. */
export const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200,
];

/** The metrics by name without {@link METRIC_PREFIX}. */
export const METRICS = {
  received: {
    kind: 'counter',
    description: 'Authentic callbacks that were read',
    unit: '{callback}',
    attributes: ['kind', 'state'],
  },
  refused: {
    kind: 'counter',
    description: 'Requests that were refused',
    unit: '{request}',
    attributes: ['reason'],
  },
  duplicates: {
    kind: 'counter',
    description: 'Callbacks that had been stored before',
    unit: '{callback}',
    attributes: [],
  },
  conflicting: {
    kind: 'counter',
    description: 'Stored callbacks with the identity of an earlier one and other content',
    unit: '{callback}',
    attributes: [],
  },
  'intake.duration': {
    kind: 'histogram',
    description: 'From the head of an authentic request to its answer',
    unit: 's',
    attributes: ['status'],
  },
  'event.age': {
    kind: 'histogram',
    description: 'From what a callback tells of to its receipt',
    unit: 's',
    attributes: ['kind'],
  },
  'sender.delay': {
    kind: 'histogram',
    description: 'From the signature of a callback to its receipt',
    unit: 's',
    attributes: [],
  },
  deliveries: {
    kind: 'counter',
    description: 'Attempts of listeners that ended',
    unit: '{attempt}',
    attributes: ['listener', 'outcome'],
  },
  'listener.duration': {
    kind: 'histogram',
    description: 'How long an attempt of a listener took',
    unit: 's',
    attributes: ['listener'],
  },
  'delivery.lag': {
    kind: 'histogram',
    description: 'From the receipt or replay of a callback until a listener had handled it',
    unit: 's',
    attributes: ['listener'],
  },
  'sessions.live': {
    kind: 'gauge',
    description: 'Sessions that are live, 10000 at most',
    unit: '{session}',
    attributes: ['registration', 'domain'],
  },
  'sessions.ended': {
    kind: 'counter',
    description: 'Sessions that are over',
    unit: '{session}',
    attributes: ['reason'],
  },
  'session.duration': {
    kind: 'histogram',
    description: 'How long a session was, from its first push to the end of its last',
    unit: 's',
    attributes: [],
  },
  reconnects: {
    kind: 'counter',
    description: 'Sessions that went on after an interruption',
    unit: '{reconnect}',
    attributes: [],
  },
  'reconcile.watermark_age': {
    kind: 'gauge',
    description: 'How long ago the pushes ended up to which all is compared with the cloud',
    unit: 's',
    attributes: ['registration'],
  },
  'reconcile.corrections': {
    kind: 'counter',
    description: 'What comparison with the cloud found and no callback had told',
    unit: '{correction}',
    attributes: ['type'],
  },
  'cloud.calls': {
    kind: 'counter',
    description: 'Questions to the API of the cloud',
    unit: '{call}',
    attributes: ['action', 'code'],
  },
  'template.drift': {
    kind: 'gauge',
    description:
      'Differences between the callback templates of the account and those that are declared',
    unit: '{difference}',
    attributes: ['registration'],
  },
  'listener.paused': {
    kind: 'gauge',
    description: 'Listeners that somebody has paused',
    unit: '{listener}',
    attributes: ['registration'],
  },
  'breaker.open': {
    kind: 'gauge',
    description: 'Listeners whose circuit breaker is open',
    unit: '{listener}',
    attributes: ['registration'],
  },
  ready: {
    kind: 'gauge',
    description: '1 while callbacks can be kept, else 0',
    unit: '1',
    attributes: ['registration'],
  },
  'clock.offset': {
    kind: 'gauge',
    description: 'How far this clock is ahead of that of CSS at most',
    unit: 's',
    attributes: ['registration'],
  },
  'spool.entries': {
    kind: 'gauge',
    description: 'Callbacks that wait in the spool of this process for the database',
    unit: '{callback}',
    attributes: ['registration'],
  },
  backlog: {
    kind: 'gauge',
    description: 'Deliveries that listeners still have to handle, 10000 at most',
    unit: '{delivery}',
    attributes: ['registration'],
  },
  'backlog.oldest': {
    kind: 'gauge',
    description: 'How long the oldest of them has waited',
    unit: 's',
    attributes: ['registration'],
  },
  dead_letters: {
    kind: 'gauge',
    description: 'Deliveries that were given up, 10000 at most',
    unit: '{delivery}',
    attributes: ['registration'],
  },
  quarantined: {
    kind: 'gauge',
    description: 'Callbacks that do not fit their DTO and wait for somebody, 10000 at most',
    unit: '{callback}',
    attributes: ['registration'],
  },
  unknown: {
    kind: 'gauge',
    description: 'Callbacks that no kind describes, 10000 at most',
    unit: '{callback}',
    attributes: ['registration'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Name of a metric of a kind. */
export type MetricName<K extends MetricDefinition['kind']> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N] extends { readonly kind: K } ? N : never;
}[keyof typeof METRICS];

/** The attributes of a metric. */
export type MetricAttributes<N extends keyof typeof METRICS> = Record<
  (typeof METRICS)[N]['attributes'][number],
  string | number
>;
