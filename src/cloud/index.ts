// The provisioner
export {
  LiveCallbackProvisioner,
  type LiveCallbackProvisionerOptions,
  type ProvisioningResult,
} from './provisioning/live-callback.provisioner.js';
export {
  formatPlan,
  formatStep,
  type FieldChange,
  type PlanOptions,
  type PlanStep,
  type ProvisioningPlan,
} from './provisioning/provisioning.plan.js';
export type { DriftFinding, DriftOrigin, DriftReport } from './provisioning/drift.js';
export type { RotationResult } from './provisioning/key.rotation.js';

// Templates on a screen
export {
  DeclaredTemplates,
  type DeclaredTemplatesOptions,
  type TemplateApplication,
  type TemplateEdit,
} from './provisioning/declared.templates.js';
export type { EditedTemplate } from './provisioning/template.edit.js';
export type {
  ComparedTemplates,
  DeclaredTemplateView,
  ForeignTemplate,
  KeyPlace,
  TemplateComparison,
  TemplatesView,
} from './provisioning/templates.view.js';

// Whether the account is as declared
export { LiveCallbackDriftModule } from './provisioning/live-callback-drift.module.js';
export type { LiveCallbackDriftOptions } from './provisioning/live-callback-drift.module-definition.js';
export type { DriftSource } from './provisioning/drift.watch.js';

// What is declared
export type {
  ProvisioningState,
  RuleDeclaration,
  TemplateDeclaration,
} from './provisioning/provisioning.state.js';
export { loadState } from './provisioning/state-file.js';

// Keys
export { KeyRingFile } from './provisioning/key-ring.file.js';
export {
  acceptedKeys,
  newCallbackKey,
  type KeyRing,
  type KeyRingEntry,
  type RetiringKey,
} from './provisioning/key-ring.js';

// The way to the cloud
export { TencentCloudApi, type TencentCloudApiOptions } from './api/tencent-cloud.api.js';
export { credentialsFromEnvironment, type TencentCredentials } from './api/tencent-credentials.js';
export type { CloudApi } from './api/cloud-api.js';

// Questions about streams
export { CloudReader, type CloudReaderOptions, type Stretch } from './reading/cloud.reader.js';
export type { Pace } from './reading/token.bucket.js';
export type {
  CallbackRecord,
  CloudStream,
  EndedPush,
  OnlineStream,
  PushSample,
  RunningPush,
  StreamState,
} from './reading/cloud.rows.js';
export { editionOf, type CloudEdition, type ReadAction } from './api/edition.js';

// What was missed
export { LiveCallbackReconciliationModule } from './reconciliation/live-callback-reconciliation.module.js';
export {
  LiveCallbackReconciliation,
  type ReconciliationReport,
} from './reconciliation/live-callback-reconciliation.service.js';
export type { Cycle } from './reconciliation/reconciler.js';
export type { Absence } from './reconciliation/absences.js';
export type { Difference } from './reconciliation/differences.js';
export type { ComparisonCycle, ComparisonRepair } from '../sessions/session.comparison.js';
export type {
  ReconciliationModuleOptions,
  ReconciliationOptions,
} from './reconciliation/reconciliation.options.js';

// What goes wrong
export { CloudAnswerError } from './api/cloud-answer.error.js';
export { CloudError, type CloudErrorReason } from './api/cloud.error.js';
export {
  ProvisioningStateError,
  type StateProblem,
} from './provisioning/provisioning-state.error.js';
export { CloudApiError, type CloudFailure } from './api/cloud-api.error.js';
export type { FailureClass } from './api/failure-class.js';
