import {
  ACTOR,
  COUNT,
  ID,
  object,
  orNull,
  REASON,
  TEXT,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
} from './schema.parts.js';
import { schemaName, schemaRef, type Schema } from './openapi.document.js';

const TEXTS = (names: readonly string[]): Record<string, Schema> =>
  Object.fromEntries(names.map((name) => [name, TEXT]));
const CURSOR = { ...TEXT_OR_NULL, description: 'Where the next step begins; null after the last' };

const LISTENER_STATE = {
  listener: TEXT,
  pausedAt: { ...TIME_OR_NULL, description: 'Null while nobody has paused it' },
  change: orNull(object({ at: TIME, reason: TEXT, actor: TEXT }, 'Who paused or resumed it last')),
  breaker: orNull(
    object({ openedAt: TIME, error: TEXT, probeAt: TIME }, 'Null while it is closed'),
  ),
};

/** What the questions about many callbacks at once are answered with, by name. */
export const OVERVIEW_SCHEMAS: Readonly<Record<string, Schema>> = {
  [schemaName('Standing')]: object(
    {
      registration: TEXT,
      rights: { type: 'array', items: { enum: ['read', 'act', 'reveal'] } },
      hasSessions: { type: 'boolean', description: 'Whether the option sessions is on' },
      health: { type: 'object', description: 'The health report' },
    },
    'What whoever asks may do, and how the process is',
  ),
  [schemaName('RecentMinute')]: object({
    at: TIME,
    done: COUNT,
    dead: COUNT,
    retried: COUNT,
    averageMs: COUNT,
    slowestMs: COUNT,
  }),
  [schemaName('ListenerState')]: object(LISTENER_STATE, 'Whether a listener runs'),
  [schemaName('ListenerOrder')]: {
    type: 'object',
    properties: { listener: TEXT, reason: REASON, actor: ACTOR },
    required: ['listener', 'reason'],
  },
  [schemaName('ListenerOverview')]: object({
    ...LISTENER_STATE,
    kinds: {
      type: ['array', 'null'],
      items: TEXT,
      description: 'Null for a listener that this process does not have',
    },
    pending: COUNT,
    oldestAt: TIME_OR_NULL,
    dead: COUNT,
    minutes: { type: 'array', items: schemaRef('RecentMinute') },
  }),
  [schemaName('ListenersOverview')]: object({
    items: { type: 'array', items: schemaRef('ListenerOverview') },
    countedTo: { ...COUNT, description: 'Deliveries that are looked at, at most' },
  }),
  [schemaName('RefusalGroup')]: object({
    reason: TEXT,
    remoteAddress: TEXT_OR_NULL,
    count: COUNT,
    firstAt: TIME,
    lastAt: TIME,
  }),
  [schemaName('DeadLetterGroup')]: object({
    listener: TEXT,
    error: { ...TEXT, description: 'Without what changes from one to the next, such as numbers' },
    count: COUNT,
    oldestAt: TIME,
    newestAt: TIME,
    newestId: ID,
  }),
  [schemaName('DeadLetterCount')]: object({ count: COUNT }),
  [schemaName('DeadLetterStep')]: object({ count: COUNT, nextCursor: CURSOR }),
  [schemaName('DeadLetterOrder')]: {
    type: 'object',
    properties: {
      filter: {
        type: 'object',
        properties: {
          ...TEXTS(['listener', 'error', 'kind', 'domain', 'path', 'stream']),
          from: TIME,
          to: TIME,
        },
        additionalProperties: false,
      },
      reason: REASON,
      actor: ACTOR,
      cursor: CURSOR,
    },
    required: ['reason'],
  },
};
