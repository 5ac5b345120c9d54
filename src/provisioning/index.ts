// The provisioner
export {
  LiveCallbackProvisioner,
  type LiveCallbackProvisionerOptions,
  type ProvisioningResult,
} from './live-callback.provisioner.js';
export {
  formatPlan,
  formatStep,
  type FieldChange,
  type PlanOptions,
  type PlanStep,
  type ProvisioningPlan,
} from './provisioning.plan.js';
export type { DriftFinding, DriftOrigin, DriftReport } from './drift.js';
export type { RotationResult } from './key.rotation.js';

// What is declared
export type {
  ProvisioningState,
  RuleDeclaration,
  TemplateDeclaration,
} from './provisioning.state.js';
export { loadState } from './state-file.js';

// Keys
export { KeyRingFile } from './key-ring.file.js';
export {
  acceptedKeys,
  newCallbackKey,
  type KeyRing,
  type KeyRingEntry,
  type RetiringKey,
} from './key-ring.js';

// The way to the cloud
export { TencentCallbackApi, type TencentCallbackApiOptions } from './tencent-callback.api.js';
export { credentialsFromEnvironment, type TencentCredentials } from './tencent-credentials.js';
export type { CallbackApi } from './callback-api.js';

// What goes wrong
export { ProvisioningError, type ProvisioningErrorReason } from './provisioning.error.js';
export { ProvisioningStateError, type StateProblem } from './provisioning-state.error.js';
export { CloudApiError, type CloudFailure } from './cloud-api.error.js';
export type { FailureClass } from './failure-class.js';
