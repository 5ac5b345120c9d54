import { integer } from '../../options/option.checks.js';
import { editionOf, type CloudEdition } from '../api/edition.js';
import { CloudError } from '../api/cloud.error.js';
import { DEFAULT_ENDPOINT } from '../api/endpoint.js';
import type { TencentCloudApiOptions } from '../api/tencent-cloud.api.js';
import type { Pace } from '../reading/token.bucket.js';

const BACKUP_LIST_USES = ['off', 'beginnings', 'sequences'] as const;

/** What the list of backup streams is taken for. */
export type BackupListUse = (typeof BACKUP_LIST_USES)[number];

/** What the cloud is asked for, and how. */
export interface ReconciliationOptions extends TencentCloudApiOptions {
  /** Push domains to compare. */
  domains: readonly string[];
  /** Push paths, where the cloud wants to be asked for each by name. Default: all at once. */
  paths?: readonly string[];
  /** Name of the registration of LiveCallbackModule. Default: `default`. */
  registration?: string;
  /** Which actions and limits the account has. Default: by the endpoint. */
  edition?: CloudEdition;
  /**
   * Whether callbacks that were missed are taken from the callback records, bodies and all. The mainland
   * edition alone has them. Default: true.
   */
  records?: boolean;
  /**
   * What the list of backup streams is taken for, which the mainland edition alone has, and which shows each push
   * that runs: `beginnings` of pushes, as those of the online list; `sequences`, where its `UpstreamSequence` is
   * that of the callbacks, which no document says; `off`: it is not asked. Default: `beginnings`.
   */
  backupList?: BackupListUse;
  /**
   * Whether the sequence of a push of which no callback is known is taken from what was sampled of it
   * (`DescribeStreamPushInfoList`). That it is the one of the callbacks, an account has to show. Default: false.
   */
  pushSamples?: boolean;
  /** Part of the documented calls per second that may be used, above 0 to 1. Default: 0.1. */
  rateShare?: number;
  /** `PageSize` of the online list. Default: 20000, and 100 in the international edition. */
  onlinePageSize?: number;
  /** How long a callback may take before it is taken for missed, seconds. Default: 120. */
  settleSeconds?: number;
  /**
   * How long a stream must have been missing from the online list, and be called inactive, before it is over
   * although nothing tells of its end, seconds: CSS tries for 16 minutes to deliver an interruption.
   * Default: 960.
   */
  patienceSeconds?: number;
}

/** Name of the option, for tests of the module itself, by which a test makes the passes. @internal */
export const MANUAL_PACE = Symbol('RECONCILIATION_PACE');

/** The same for the module. */
export interface ReconciliationModuleOptions extends ReconciliationOptions {
  /** @internal */
  [MANUAL_PACE]?: Pace;
}

/** Options that are checked, with their defaults. */
export interface ReconciliationConfig {
  readonly domains: readonly string[];
  readonly paths: readonly string[] | null;
  readonly registration: string;
  readonly edition: CloudEdition;
  readonly records: boolean;
  readonly backupList: BackupListUse;
  readonly pushSamples: boolean;
  readonly rateShare: number;
  readonly onlinePageSize: number | undefined;
  readonly settleMs: number;
  readonly patienceMs: number;
  /** How far back the event list is read beyond the watermark. */
  readonly lookBackMs: number;
  /** Nothing is asked that is newer: this clock may be ahead of that of the cloud. */
  readonly clockMarginMs: number;
}

/** @throws CloudError, LiveCallbackOptionsError */
export function resolveReconciliation(options: ReconciliationOptions): ReconciliationConfig {
  const { domains, paths, rateShare = 0.1, registration = 'default', onlinePageSize } = options;
  const { edition = editionOf(options.endpoint ?? DEFAULT_ENDPOINT), records = true } = options;
  const { backupList = 'beginnings', pushSamples = false } = options;
  checkNames('domains', domains);
  if (!BACKUP_LIST_USES.includes(backupList)) {
    throw new CloudError('invalid', `backupList must be ${BACKUP_LIST_USES.join(' or ')}.`);
  }
  if (paths !== undefined) checkNames('paths', paths);
  if (!(rateShare > 0 && rateShare <= 1)) {
    throw new CloudError('invalid', `rateShare must be above 0, and 1 at most, not ${rateShare}.`);
  }
  const most = edition === 'international' ? 100 : 300_000;
  return {
    domains,
    paths: paths ?? null,
    registration,
    edition,
    records: records && edition === 'mainland',
    backupList: edition === 'mainland' ? backupList : 'off',
    pushSamples,
    rateShare,
    onlinePageSize:
      onlinePageSize === undefined
        ? undefined
        : integer('onlinePageSize', onlinePageSize, 10, most),
    settleMs: 1000 * integer('settleSeconds', options.settleSeconds ?? 120, 10, 3_600),
    patienceMs: 1000 * integer('patienceSeconds', options.patienceSeconds ?? 960, 60, 86_400),
    lookBackMs: 2 * 3_600_000,
    clockMarginMs: 30_000,
  };
}

function checkNames(option: string, names: readonly string[]): void {
  const isList = Array.isArray(names) && names.length > 0;
  if (isList && names.every((name) => typeof name === 'string' && name !== '')) return;
  throw new CloudError('invalid', `${option} must be a list of names that is not empty.`);
}
