import { SESSION_SCHEMAS } from './session.schemas.js';
import {
  ACTOR,
  COUNT,
  ID,
  object,
  orNull,
  REASON,
  STREAM,
  TEXT,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
} from './schema.parts.js';
import { schemaName, schemaRef, type Schema } from './openapi.document.js';

const LINES: Schema = { type: 'array', items: TEXT };

/** States of a stored callback. */
export const CALLBACK_STATES = ['accepted', 'unknown', 'quarantined', 'discarded', 'reconciled'];
/** Where a callback comes from. */
const ORIGINS = [
  'callback',
  'callback-record',
  'session',
  'event-list',
  'backup-list',
  'online-list',
];
/** States of a delivery. */
export const DELIVERY_STATES = ['pending', 'done', 'dead', 'discarded', 'superseded'];

const ROW = {
  id: ID,
  kind: TEXT,
  eventType: { type: ['integer', 'null'] },
  state: { enum: CALLBACK_STATES },
  origin: { enum: ORIGINS },
  stream: STREAM,
  sequence: { type: ['string', 'null'], description: 'Identifies one push; has up to 64 bit' },
  occurredAt: { ...TIME_OR_NULL, description: 'When it happened, as the sender says' },
  receivedAt: TIME,
  conflicting: {
    type: 'boolean',
    description: 'Another body with the same identity was stored before this one',
  },
  receiptsCount: { ...COUNT, description: 'How often CSS sent it' },
};

const BY = { at: TIME, actor: TEXT };

/** What the audit API answers, by name. Their properties are those of the interfaces in audit-row.ts. */
export const AUDIT_SCHEMAS: Readonly<Record<string, Schema>> = {
  ...SESSION_SCHEMAS,
  [schemaName('CallbackRow')]: object(ROW, 'A stored callback'),
  [schemaName('DeliveryRow')]: object(
    {
      listener: TEXT,
      state: { enum: DELIVERY_STATES },
      attempts: COUNT,
      lastError: TEXT_OR_NULL,
      nextAttemptAt: TIME_OR_NULL,
      durationMs: { type: ['integer', 'null'], description: 'Of the latest attempt' },
      finishedAt: TIME_OR_NULL,
      replay: orNull(object({ ...BY, reason: TEXT, attemptsBefore: COUNT })),
    },
    'Where one listener stands with a callback',
  ),
  [schemaName('CallbackDetail')]: object(
    {
      ...ROW,
      body: {
        ...TEXT_OR_NULL,
        description: 'As received, secrets masked; null once it was purged',
      },
      bodyEncoding: { enum: ['utf8', 'base64'] },
      bodyPurgedAt: TIME_OR_NULL,
      data: { type: ['object', 'null'], description: 'The typed view, as of its webhook' },
      errors: LINES,
      warnings: LINES,
      remoteAddress: TEXT_OR_NULL,
      deliveries: { type: 'array', items: schemaRef('DeliveryRow') },
      discard: orNull(object({ ...BY, reason: TEXT })),
      reveal: orNull(object({ ...BY, count: COUNT })),
      erased: orNull(object({ reason: TEXT, actor: TEXT })),
    },
    'A stored callback with all that is known about it',
  ),
  [schemaName('RejectionItem')]: object(
    {
      reason: TEXT,
      count: COUNT,
      remoteAddress: TEXT_OR_NULL,
      excerpt: TEXT_OR_NULL,
      firstAt: TIME,
      lastAt: TIME,
    },
    'Refused requests of one minute that share reason and address',
  ),
  [schemaName('StatsItem')]: object({
    bucket: TIME,
    kind: TEXT,
    state: { enum: CALLBACK_STATES },
    count: COUNT,
  }),
  [schemaName('ReplayedDelivery')]: object({
    callbackId: ID,
    listener: TEXT,
    attempt: { type: 'integer', minimum: 1, description: 'Number of the attempt that comes next' },
  }),
  [schemaName('ErasureRequest')]: {
    type: 'object',
    description: 'Which person, which stream, or both',
    properties: {
      userIp: { ...TEXT, description: 'Address of a person, as it stands in bodies' },
      stream: { ...TEXT, description: 'Name of a stream' },
      reason: REASON,
      dryRun: { type: 'boolean', description: 'Counts, and changes nothing', default: false },
    },
    required: ['reason'],
    anyOf: [{ required: ['userIp'] }, { required: ['stream'] }],
  },
  [schemaName('ErasureReceipt')]: object({
    bodies: COUNT,
    excerpts: COUNT,
    sessions: COUNT,
    spooled: COUNT,
    held: { ...COUNT, description: 'That somebody still has to get: erase again when it has' },
    at: TIME,
    reason: TEXT,
    actor: TEXT,
  }),
  [schemaName('Reason')]: {
    type: 'object',
    properties: {
      reason: REASON,
      listeners: { ...LINES, description: 'Default: all of the callback' },
      actor: ACTOR,
    },
    required: ['reason'],
  },
};

/** A page of items, newest first. */
export function pageOf(name: string): Schema {
  return object({
    items: { type: 'array', items: schemaRef(name) },
    nextCursor: { ...TEXT_OR_NULL, description: 'Where the next page begins; null after the last' },
  });
}

/** All items at once. */
export function listOf(name: string): Schema {
  return object({ items: { type: 'array', items: schemaRef(name) } });
}
