// What documents of @nestjs/swagger are given
export {
  withLiveCallbackOpenApi,
  type LiveCallbackOpenApiOptions,
} from './live-callback.openapi.js';
export type { OpenApiDocument } from './openapi.document.js';
