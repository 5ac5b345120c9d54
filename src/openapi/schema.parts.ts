import type { Schema } from './openapi.document.js';

export const TEXT: Schema = { type: 'string' };
export const TEXT_OR_NULL: Schema = { type: ['string', 'null'] };
export const TIME: Schema = { type: 'string', format: 'date-time' };
export const TIME_OR_NULL: Schema = { type: ['string', 'null'], format: 'date-time' };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
/** Why something is done. */
export const REASON: Schema = { type: 'string', minLength: 1, maxLength: 500 };
/** Who does it. */
export const ACTOR: Schema = { type: 'string', minLength: 1, maxLength: 190 };
export const ID: Schema = { type: 'string', format: 'uuid' };

/** An object all of whose properties are there. */
export function object(properties: Record<string, Schema>, description?: string): Schema {
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties,
    required: Object.keys(properties),
  };
}

/** Null, or an object. */
export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** Which stream something is about. */
export const STREAM = object({
  appId: TEXT_OR_NULL,
  domain: TEXT_OR_NULL,
  path: TEXT_OR_NULL,
  name: TEXT_OR_NULL,
});
