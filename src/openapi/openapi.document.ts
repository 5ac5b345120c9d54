/** A schema of OpenAPI 3.1, which is one of JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

/** The parts of a document that are added to, as `SwaggerModule.createDocument` of @nestjs/swagger makes it. */
export interface OpenApiDocument {
  openapi: string;
  paths: object;
  webhooks?: object;
  tags?: object[];
  components?: { schemas?: object; securitySchemes?: object };
}

/** Name of a schema of the module, apart from those of the host. */
export const schemaName = (name: string): string => `LiveCallback.${name}`;

/** A reference to such a schema. */
export const schemaRef = (name: string): Schema => ({
  $ref: `#/components/schemas/${schemaName(name)}`,
});

/** A body of JSON. */
export const jsonContent = (schema: Schema): object => ({ 'application/json': { schema } });

/**
 * The same document as OpenAPI 3.1, which knows webhooks. `nullable` is a word of 3.0: in 3.1 null is a type
 * like the others.
 */
export function as31<D extends OpenApiDocument>(document: D): D {
  if (!document.openapi.startsWith('3.0')) return document;
  return { ...(withoutNullable(document) as D), openapi: '3.1.0' };
}

function withoutNullable(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutNullable);
  if (typeof part !== 'object' || part === null) return part;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, withoutNullable(value)]),
  );
  if (typeof nullable === 'object') return { ...rest, nullable };
  if (nullable !== true) return rest;
  if (typeof rest['type'] !== 'string') return { anyOf: [rest, { type: 'null' }] };
  const { enum: values } = rest;
  return {
    ...rest,
    type: [rest['type'], 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}
