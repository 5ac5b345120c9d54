import type { AuditConfig } from '../options/audit.config.js';
import type { AuditRight } from '../options/live-callback.options.js';
import { CALLBACK_STATES, DELIVERY_STATES, listOf, pageOf } from './audit.schemas.js';
import { SESSION_STATES } from './session.schemas.js';
import { jsonContent, schemaRef, type Schema } from './openapi.document.js';

/** Under which the operations stand together. */
export const AUDIT_TAG = {
  name: 'Live callback audit',
  description: 'What arrived, what was refused, and what became of it',
};

/** A security scheme per right: whoever may act or reveal may read. */
const SCHEMES: Record<AuditRight, string> = {
  read: 'liveCallbackRead',
  act: 'liveCallbackAct',
  reveal: 'liveCallbackReveal',
};

const schemeOf = (rights: readonly AuditRight[]): string =>
  SCHEMES[rights.find((right) => right !== 'read') ?? 'read'];

/** The security schemes of the tokens that are configured. */
export function auditSchemes({ tokens }: AuditConfig): Record<string, object> {
  return Object.fromEntries(
    tokens.map(({ rights }) => [
      schemeOf(rights),
      { type: 'http', scheme: 'bearer', description: `May ${rights.join(' and ')}` },
    ]),
  );
}

/** The schemes whose bearers have a right; undefined where the guards of the host decide. */
function securityOf({ tokens }: AuditConfig, right: AuditRight): object[] | undefined {
  if (tokens.length === 0) return undefined;
  return tokens
    .filter(({ rights }) => rights.includes(right))
    .map(({ rights }) => ({ [schemeOf(rights)]: [] }));
}

const inQuery = (name: string, schema: Schema, description?: string) => ({
  name,
  in: 'query',
  schema,
  ...(description === undefined ? {} : { description }),
});
const TEXT: Schema = { type: 'string' };
const TIME: Schema = { type: 'string', format: 'date-time' };
const PERIOD = [
  inQuery('from', TIME, 'Received at this time or later'),
  inQuery('to', TIME, 'Received before this time'),
];
const PAGE = [
  inQuery('cursor', TEXT, '`nextCursor` of the page before'),
  inQuery('limit', { type: 'integer', minimum: 1, maximum: 500, default: 50 }),
];
const PLACE = [
  inQuery('kind', TEXT),
  inQuery('domain', TEXT, 'Push domain'),
  inQuery('path', TEXT, 'Push path (AppName)'),
  inQuery('stream', TEXT, 'Stream name'),
];
const FILTER = [
  ...PLACE,
  inQuery('state', { enum: CALLBACK_STATES }),
  inQuery('delivery', { enum: DELIVERY_STATES }, 'That have a delivery in this state'),
  ...PERIOD,
  ...PAGE,
];
const DEAD_LETTERS = [
  inQuery('listener', TEXT),
  inQuery('error', TEXT, 'Error of a group'),
  ...PLACE,
  ...PERIOD,
];
const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
const REVEAL = inQuery('reveal', { enum: ['body'] }, 'Needs the right to reveal, and is recorded');
const SESSION_FILTER = [
  inQuery('domain', TEXT, 'Push domain'),
  inQuery('path', TEXT, 'Push path (AppName)'),
  inQuery('stream', TEXT, 'Stream name'),
  inQuery('state', { enum: SESSION_STATES }),
  inQuery('from', TIME, 'Started at this time or later'),
  inQuery('to', TIME, 'Started before this time'),
  ...PAGE,
];
const BUCKET = inQuery('bucket', { enum: ['minute', 'hour', 'day'], default: 'hour' });

/**
 * The operations of the audit API.
 *
 * @param base path of the registration, with a leading slash
 * @param name of the registration, which makes operation ids unique
 */
export function auditPaths(base: string, name: string, audit: AuditConfig): Record<string, object> {
  const operation = (id: string, right: AuditRight, summary: string, answer: Schema) => {
    const security = securityOf(audit, right);
    return {
      operationId: `liveCallbackAudit.${name}.${id}`,
      tags: [AUDIT_TAG.name],
      summary,
      ...(security ? { security } : {}),
      responses: {
        200: { description: 'As asked', content: jsonContent(answer) },
        400: { description: 'A parameter does not fit' },
        401: { description: 'No token that is known' },
        403: { description: 'The right is missing' },
        ...(/^(callback|session)/.test(id) ? { 404: { description: 'There is none' } } : {}),
        503: { description: 'Too many questions, or the database is away' },
      },
    };
  };
  const act = (id: string, summary: string, body: string, answer: Schema) => ({
    post: {
      ...operation(id, 'act', summary, answer),
      ...(id.startsWith('callback') ? { parameters: [ID] } : {}),
      requestBody: { required: true, content: jsonContent(schemaRef(body)) },
    },
  });
  const ask = (id: string, summary: string, answer: Schema, parameters: object[]) => ({
    get: { ...operation(id, 'read', summary, answer), parameters },
  });
  const detail = schemaRef('CallbackDetail');
  const overview = {
    [`${base}/audit/standing`]: ask('standing', 'Rights and health', schemaRef('Standing'), []),
    [`${base}/audit/callbacks/{id}/variants`]: ask(
      'variants',
      'Others that say to be the same event',
      listOf('CallbackRow'),
      [ID],
    ),
    [`${base}/audit/listeners`]: ask('listeners', 'Listeners', schemaRef('ListenersOverview'), []),
    [`${base}/audit/listeners/pause`]: act(
      'listeners.pause',
      'Starts nothing more of a listener',
      'ListenerOrder',
      schemaRef('ListenerState'),
    ),
    [`${base}/audit/listeners/resume`]: act(
      'listeners.resume',
      'Lets a listener go on',
      'ListenerOrder',
      schemaRef('ListenerState'),
    ),
    [`${base}/audit/refusals`]: ask('refusals', 'Refusals by reason', listOf('RefusalGroup'), [
      inQuery('from', TIME, 'Default: 24 hours ago'),
    ]),
    [`${base}/audit/dead-letters`]: ask(
      'deadLetters',
      'Dead letters by error',
      listOf('DeadLetterGroup'),
      [],
    ),
    [`${base}/audit/dead-letters/count`]: ask(
      'deadLetters.count',
      'Dead letters of a filter',
      schemaRef('DeadLetterCount'),
      DEAD_LETTERS,
    ),
    [`${base}/audit/dead-letters/replay`]: act(
      'deadLetters.replay',
      'Replays the next of a filter',
      'DeadLetterOrder',
      schemaRef('DeadLetterStep'),
    ),
    [`${base}/audit/dead-letters/discard`]: act(
      'deadLetters.discard',
      'Closes the next of a filter',
      'DeadLetterOrder',
      schemaRef('DeadLetterStep'),
    ),
  };
  return {
    [`${base}/audit/callbacks`]: ask('find', 'Callbacks', pageOf('CallbackRow'), FILTER),
    [`${base}/audit/callbacks/{id}`]: ask('callback', 'One callback', detail, [ID, REVEAL]),
    [`${base}/audit/callbacks/{id}/replay`]: act(
      'callback.replay',
      'Runs listeners again',
      'Reason',
      listOf('ReplayedDelivery'),
    ),
    [`${base}/audit/callbacks/{id}/discard`]: act(
      'callback.discard',
      'Closes it',
      'Reason',
      detail,
    ),
    [`${base}/audit/erasures`]: act(
      'erase',
      'Erases a person or a stream',
      'ErasureRequest',
      schemaRef('ErasureReceipt'),
    ),
    [`${base}/audit/rejections`]: ask('rejections', 'Refusals', pageOf('RejectionItem'), PAGE),
    [`${base}/audit/sessions`]: ask(
      'sessions',
      'Who is live, and who was',
      pageOf('SessionSummary'),
      SESSION_FILTER,
    ),
    [`${base}/audit/sessions/{id}`]: ask('session', 'One session', schemaRef('SessionDetail'), [
      ID,
    ]),
    [`${base}/audit/sessions/rebuild`]: act(
      'rebuild',
      'One step of a rebuild of sessions',
      'RebuildRequest',
      schemaRef('RebuildStep'),
    ),
    ...overview,
    [`${base}/audit/stats`]: ask('stats', 'Counts', listOf('StatsItem'), [...PERIOD, BUCKET]),
  };
}
