import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import { EventCatalog } from '../events/event-catalog.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { AUDIT_TAG, auditPaths, auditSchemes } from './audit.paths.js';
import { AUDIT_SCHEMAS } from './audit.schemas.js';
import { OVERVIEW_SCHEMAS } from './overview.schemas.js';
import { DtoSchemas } from './dto.schemas.js';
import { as31, type OpenApiDocument } from './openapi.document.js';
import {
  ENVELOPE_SCHEMAS,
  URL_TOKEN,
  URL_TOKEN_SCHEME,
  WEBHOOK_TAG,
  webhookOf,
} from './webhooks.js';

/** What {@link withLiveCallbackOpenApi} adds. */
export interface LiveCallbackOpenApiOptions {
  /** Whether the kinds of callbacks are added as webhooks. Default: true. */
  webhooks?: boolean;
  /** Whether the audit API is added, where it is on. Default: true. */
  audit?: boolean;
}

/** One registration that receives, and what of it is documented. */
interface Documented {
  readonly config: LiveCallbackConfig;
  readonly catalog: EventCatalog;
  readonly hasAuditApi: boolean;
}

/**
 * Adds the callbacks and the audit API of all registrations to a document of @nestjs/swagger: the kinds as
 * webhooks, made from their DTOs, and the audit API as paths with the rights of its tokens. The document
 * becomes one of OpenAPI 3.1, which knows webhooks.
 *
 * @param app the application, before or after it listens
 * @param document what `SwaggerModule.createDocument` has made; it is left as it is
 * @returns a document with both
 * @example
 * ```ts
 * const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
 * SwaggerModule.setup('api', app, withLiveCallbackOpenApi(app, document));
 * ```
 * @publicApi
 */
export function withLiveCallbackOpenApi<D extends OpenApiDocument>(
  app: INestApplicationContext,
  document: D,
  { webhooks = true, audit = true }: LiveCallbackOpenApiOptions = {},
): D {
  const registrations = registrationsOf(app);
  const schemas = new DtoSchemas();
  const added = { paths: {}, webhooks: {}, schemas: {}, securitySchemes: {}, tags: [] as object[] };
  if (webhooks) {
    for (const { config, catalog } of registrations) {
      for (const definition of catalog.definitions) {
        const webhook = webhookOf(definition, schemas, config.urlToken !== null);
        Object.assign(added.webhooks, { [definition.kind]: webhook });
      }
      if (config.urlToken !== null) added.securitySchemes = { [URL_TOKEN]: URL_TOKEN_SCHEME };
    }
    added.schemas = { ...ENVELOPE_SCHEMAS, ...schemas.all };
    added.tags.push(WEBHOOK_TAG);
  }
  const audited = audit ? registrations.filter(({ hasAuditApi }) => hasAuditApi) : [];
  for (const { config } of audited) {
    const base = pathOf(app, `/${config.path}`);
    Object.assign(added.paths, auditPaths(base, config.name, config.audit));
    Object.assign(added.securitySchemes, auditSchemes(config.audit));
  }
  if (audited.length > 0) {
    Object.assign(added.schemas, AUDIT_SCHEMAS, OVERVIEW_SCHEMAS);
    added.tags.push(AUDIT_TAG);
  }
  return merged(as31(document), added);
}

function merged<D extends OpenApiDocument>(
  document: D,
  added: Required<Pick<OpenApiDocument, 'paths' | 'webhooks' | 'tags'>> & {
    schemas: object;
    securitySchemes: object;
  },
): D {
  const { components = {}, tags = [] } = document;
  return {
    ...document,
    paths: { ...document.paths, ...added.paths },
    webhooks: { ...document.webhooks, ...added.webhooks },
    tags: [...tags, ...added.tags],
    components: {
      ...components,
      schemas: { ...components.schemas, ...added.schemas },
      securitySchemes: { ...components.securitySchemes, ...added.securitySchemes },
    },
  };
}

/** Where Nest keeps the path of a controller. */
const PATH = 'path';

function registrationsOf(app: INestApplicationContext): Documented[] {
  const modules = [...app.get(ModulesContainer).values()];
  return modules.flatMap(({ providers, controllers }) => {
    const config = providers.get(LiveCallbackConfig)?.instance as LiveCallbackConfig | undefined;
    const catalog = providers.get(EventCatalog)?.instance as EventCatalog | undefined;
    if (!config || !catalog || config.role === 'worker') return [];
    const paths = [...controllers.values()].map(({ metatype }) =>
      metatype ? (Reflect.getMetadata(PATH, metatype) as unknown) : undefined,
    );
    return [{ config, catalog, hasAuditApi: paths.includes(`${config.path}/audit`) }];
  });
}

/** With the global prefix of the application. */
function pathOf(app: INestApplicationContext, path: string): string {
  const config = app.get(ApplicationConfig);
  const prefix = config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
  const { exclude = [] } = config.getGlobalPrefixOptions();
  const isExcluded = exclude.some(({ pathRegex }) => pathRegex.test(`${path}/audit/stats`));
  return prefix === '' || isExcluded ? path : `/${prefix}${path}`;
}
