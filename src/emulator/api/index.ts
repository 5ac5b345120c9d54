// The account
export { TemplateStore, type TemplateSwitches } from '../templates/template.store.js';
export type {
  CallbackRule,
  CallbackTemplate,
  TemplateInput,
} from '../templates/callback-template.js';
export { CloudFault } from '../templates/cloud.fault.js';

// The server
export {
  CloudApiServer,
  EMULATOR_CREDENTIAL,
  type CloudApiServerOptions,
} from './cloud-api.server.js';
export type { ApiCredential } from './tc3.verifier.js';
export type { ApiFault, FaultEffect } from './api.fault.js';
export type { LoggedRequest } from './request.log.js';
export type { Edition } from './edition.js';
export type { MemoryDelays } from './cloud.memory.js';
