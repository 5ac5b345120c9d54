import type { EventDefinition } from '../events/event-definition.js';
import type { DtoSchemas } from './dto.schemas.js';
import { jsonContent, schemaName, schemaRef, type Schema } from './openapi.document.js';

/** Under which the webhooks stand together. */
export const WEBHOOK_TAG = {
  name: 'Live callbacks',
  description: 'What Tencent Cloud CSS sends when something happens to a live stream',
};

/** Name of the security scheme of the token in the URL. */
export const URL_TOKEN = 'liveCallbackUrlToken';

/** The scheme of the token in the URL. */
export const URL_TOKEN_SCHEME = {
  type: 'apiKey',
  in: 'query',
  name: 'token',
  description: 'Secret of the callback URL, besides the signature in the body',
};

/** What all callbacks have in common. */
export const ENVELOPE_SCHEMAS: Readonly<Record<string, Schema>> = {
  [schemaName('Signature')]: {
    type: 'object',
    description: 'The body is not covered: the signature is that of `t` alone.',
    properties: {
      t: { type: ['integer', 'string'], description: 'When the signature expires, Unix seconds' },
      sign: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description: 'MD5 of the callback key followed by `t`, in hexadecimal',
      },
    },
    required: ['t', 'sign'],
  },
  [schemaName('Answer')]: {
    type: 'object',
    properties: {
      code: { type: 'integer', description: '0 when the callback is kept, else the HTTP status' },
    },
    required: ['code'],
  },
};

const answer = (description: string) => ({
  description,
  content: jsonContent(schemaRef('Answer')),
});

/** One kind of callback as a webhook. @param hasUrlToken whether its URL carries a token */
export function webhookOf(
  definition: EventDefinition,
  schemas: DtoSchemas,
  hasUrlToken: boolean,
): object {
  const { kind, consoleName, dto, signed = true } = definition;
  const body = schemas.add(dto);
  return {
    post: {
      operationId: `liveCallback.${kind}`,
      tags: [WEBHOOK_TAG.name],
      summary: consoleName,
      description: descriptionOf(definition),
      security: hasUrlToken ? [{ [URL_TOKEN]: [] }] : [],
      requestBody: {
        required: true,
        content: jsonContent(signed ? { allOf: [schemaRef('Signature'), body] } : body),
      },
      responses: {
        200: answer('It is kept: it will not be sent again'),
        401: answer('It is not authentic'),
        503: answer('It could not be kept: CSS sends it again'),
      },
    },
  };
}

function descriptionOf({ eventType, notifyUrlField, retry, signed = true }: EventDefinition) {
  const sentences = [`\`event_type\` ${eventType}.`];
  if (notifyUrlField) sentences.push(`Its URL is \`${notifyUrlField}\` of the callback template.`);
  if (!signed) sentences.push('CSS does not sign it.');
  if (retry) {
    const { retries, intervalSeconds } = retry;
    const pause = intervalSeconds === undefined ? '' : `, every ${intervalSeconds} s`;
    sentences.push(`Without an answer of 200 it comes again, up to ${retries} times${pause}.`);
  }
  return sentences.join(' ');
}
