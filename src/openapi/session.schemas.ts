import {
  COUNT,
  ID,
  object,
  orNull,
  STREAM,
  TEXT,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
} from './schema.parts.js';
import { schemaName, schemaRef, type Schema } from './openapi.document.js';

/** States of a session. */
export const SESSION_STATES = ['live', 'interrupted', 'ended'];
const SOURCES = [
  'callback',
  'callback-record',
  'event-list',
  'backup-list',
  'online-list',
  'inferred',
];
const SOURCE: Schema = { enum: SOURCES };
const SOURCE_OR_NULL: Schema = { enum: [...SOURCES, null] };
const COUNT_OR_NULL: Schema = { type: ['integer', 'null'], minimum: 0 };
const COUNTS: Schema = { type: 'object', additionalProperties: COUNT };
const REASON = orNull(
  object({
    errcode: { type: 'integer' },
    id: { ...TEXT_OR_NULL, description: 'Identifier of its meaning' },
    hint: { ...TEXT_OR_NULL, description: 'What to do about it' },
  }),
);

const SUMMARY = {
  id: ID,
  stream: STREAM,
  state: { enum: SESSION_STATES },
  startedAt: TIME,
  startedBy: SOURCE,
  interruptedAt: {
    ...TIME_OR_NULL,
    description: 'When its last push ended; null while it is live',
  },
  endedAt: { ...TIME_OR_NULL, description: 'The same, once it is over' },
  endedBy: SOURCE_OR_NULL,
  endReason: REASON,
  lastConfirmedAt: TIME,
  pushesCount: COUNT,
  openCount: COUNT,
  unconfirmedCount: COUNT,
  uptimeMs: COUNT,
  gapMs: COUNT,
  reconnects: COUNT,
  peakConcurrentPushes: COUNT,
  width: COUNT_OR_NULL,
  height: COUNT_OR_NULL,
};

/** What the audit API answers about sessions, by name. */
export const SESSION_SCHEMAS: Readonly<Record<string, Schema>> = {
  [schemaName('SessionSummary')]: object(SUMMARY, 'Pushes of a stream that belong together'),
  [schemaName('PushView')]: object(
    {
      sequence: TEXT,
      state: TEXT,
      startedAt: TIME,
      startedBy: SOURCE,
      endedAt: TIME_OR_NULL,
      endedBy: SOURCE_OR_NULL,
      endReason: REASON,
      node: TEXT_OR_NULL,
      userIp: TEXT_OR_NULL,
    },
    'One push of a session',
  ),
  [schemaName('RebuildRequest')]: {
    type: 'object',
    properties: {
      from: TIME,
      to: TIME,
      emit: { type: 'boolean', description: 'Whether listeners are told', default: false },
      cursor: { ...TEXT, description: '`nextCursor` of the step before' },
    },
  },
  [schemaName('RebuildStep')]: object({
    callbacks: COUNT,
    nextCursor: { ...TEXT_OR_NULL, description: 'Where the next step begins; null after the last' },
  }),
  [schemaName('SessionDetail')]: object(
    {
      ...SUMMARY,
      pushes: { type: 'array', items: schemaRef('PushView') },
      totals: object({
        recordings: object({ files: COUNT, bytes: COUNT, seconds: COUNT }),
        screenshots: object({ count: COUNT, lastAt: TIME_OR_NULL }),
        moderation: COUNTS,
        pushErrors: COUNTS,
        recordExceptions: COUNTS,
        isPartial: { type: 'boolean' },
      }),
    },
    'A session with its pushes and what belongs to it',
  ),
};
