import { integer } from '../../options/option.checks.js';
import { CallbackAccount } from './callback-account.js';
import type { CloudApi } from '../api/cloud-api.js';
import { DesiredKeySource } from './desired-keys.js';
import { resolveState, type DesiredState } from './desired-state.js';
import { driftOf, type DriftReport } from './drift.js';
import { FileLock } from './file.lock.js';
import { KeyRingFile } from './key-ring.file.js';
import { reconciled, type KeyRing } from './key-ring.js';
import { rotateKey, type RotationResult } from './key.rotation.js';
import { PlanExecutor } from './plan.executor.js';
import { ownTemplates, planChanges, planDestruction, type DesiredKeys } from './planner.js';
import { CloudError } from '../api/cloud.error.js';
import {
  formatPlan,
  formatStep,
  type PlanOptions,
  type PlanStep,
  type ProvisioningPlan,
} from './provisioning.plan.js';
import type { ProvisioningState } from './provisioning.state.js';
import type { CloudAccount, CloudTemplate } from './template.fields.js';
import { foreignTemplates, type TemplateComparison } from './templates.view.js';

const DEFAULT_ATTEMPTS = 6;
const DEFAULT_BACKOFF_MS = 500;

/** How a {@link LiveCallbackProvisioner} works. */
export interface LiveCallbackProvisionerOptions {
  /** What should be in the account. */
  state: ProvisioningState;
  /** The way to the cloud, usually a `TencentCloudApi`. */
  api: CloudApi;
  /** Where keys are kept that are not declared. Default: the file `state.keyFile`, if there is one. */
  keyRing?: KeyRing;
  /**
   * Folder by which processes that change the account take turns, made when it is not there; on one that
   * all of them reach. Default: with a key ring, that of the ring; none without.
   */
  lockFolder?: string;
  /** Calls that one action may take in all when the cloud is busy or away. Default: 6. */
  attempts?: number;
  /** Pause before the second of them, ms; doubled each time, at most 8 s. Default: 500. */
  backoffMs?: number;
  /** Told of each step when it is done. Default: nobody is. */
  onProgress?: (line: string) => void;
  /** The current time, Unix milliseconds. Default: `Date.now`. */
  now?: () => number;
}

/** What an apply, or a destroy, has done. */
export interface ProvisioningResult {
  /** Steps that were carried out; none when all was as declared. */
  readonly steps: readonly PlanStep[];
  readonly notes: readonly string[];
}

/**
 * Tells CSS where to call: makes the callback templates and rules of an account what is declared.
 * Touches only templates that carry the mark of its stack, and the rules that point at them.
 *
 * @example
 * ```ts
 * const provisioner = new LiveCallbackProvisioner({
 *   state: await loadState('callbacks.yaml'),
 *   api: new TencentCloudApi({ credentials: credentialsFromEnvironment() }),
 * });
 * console.log(formatPlan(await provisioner.plan()));
 * await provisioner.apply();
 * ```
 */
export class LiveCallbackProvisioner {
  private readonly desired: DesiredState;
  private readonly ring: KeyRing | undefined;
  private readonly lock: FileLock | undefined;
  private readonly account: CallbackAccount;
  private readonly attempts: number;
  private readonly onProgress: (line: string) => void;
  private readonly now: () => number;

  /** @throws ProvisioningStateError when the state cannot be applied; nothing is called */
  constructor(options: LiveCallbackProvisionerOptions) {
    const { state, api, keyRing, attempts = DEFAULT_ATTEMPTS } = options;
    this.now = options.now ?? Date.now;
    this.onProgress = options.onProgress ?? (() => {});
    this.attempts = integer('attempts', attempts, 1, 100);
    const file = typeof state?.keyFile === 'string' ? state.keyFile : undefined;
    this.ring = keyRing ?? (file ? new KeyRingFile(file, this.now) : undefined);
    this.desired = resolveState(state, this.ring !== undefined);
    this.lock = options.lockFolder === undefined ? undefined : new FileLock(options.lockFolder);
    const backoffMs = integer('backoffMs', options.backoffMs ?? DEFAULT_BACKOFF_MS, 0, 60_000);
    this.account = new CallbackAccount(api, { attempts, backoffMs });
  }

  /**
   * What `apply` would do; only reads.
   *
   * @throws CloudError
   */
  async plan(options: PlanOptions = {}): Promise<ProvisioningPlan> {
    return (await this.look(this.ring, options)).plan;
  }

  /**
   * What `destroy` would do; only reads.
   *
   * @throws CloudError
   */
  async planDestroy(): Promise<ProvisioningPlan> {
    return planDestruction(this.desired.stack, await this.account.read());
  }

  /**
   * Makes the account what is declared, and looks whether it is. With nothing to change no write is
   * called. When it fails on the way, what is done stays done, and a further call goes on from there.
   *
   * @throws CloudError
   */
  async apply(options: PlanOptions = {}): Promise<ProvisioningResult> {
    return this.exclusively(async (ring) => {
      const { plan, keys, own } = await this.look(ring, options);
      refuseBlocked(plan);
      const complete = await new DesiredKeySource(this.desired, ring).keep(keys);
      const templates = this.desired.templates.map((template) => ({
        ...template,
        desiredKey: complete.get(template.id) ?? { key: undefined },
      }));
      const accept = (id: string, key: string) => this.accept(ring, id, key);
      const executor = new PlanExecutor(this.account, this.desired.stack, templates, own, accept);
      await this.carryOut(plan, executor);
      await this.settle(plan, async () => (await this.look(ring, options)).plan);
      return { steps: plan.steps, notes: plan.notes };
    });
  }

  /**
   * Deletes the rules and templates of this stack, declared or not.
   *
   * @throws CloudError
   */
  async destroy(): Promise<ProvisioningResult> {
    return this.exclusively(async () => {
      const plan = await this.planDestroy();
      refuseBlocked(plan);
      await this.carryOut(plan, new PlanExecutor(this.account, this.desired.stack, [], new Map()));
      await this.settle(plan, () => this.planDestroy());
      return { steps: plan.steps, notes: plan.notes };
    });
  }

  /**
   * Compares the account with the declared state, and tells who has changed what; only reads.
   *
   * @throws CloudError
   */
  async drift(): Promise<DriftReport> {
    const { plan, account } = await this.look(this.ring, { repoint: true, takeOver: true });
    return driftOf(plan, this.desired, account);
  }

  /**
   * What `apply` would do, what has drifted, and the templates of others, from one look; only reads.
   *
   * @throws CloudError
   */
  async compare(): Promise<TemplateComparison> {
    const { plan, keys, account } = await this.look(this.ring, {});
    const whole = planChanges(this.desired, keys, account, { repoint: true, takeOver: true });
    const own = new Set([...ownTemplates(this.desired.stack, account).values()].flat());
    const drift = driftOf(whole, this.desired, account);
    return { plan, drift, foreign: foreignTemplates(account, own) };
  }

  /**
   * Gives a template a new key. The receivers must read the key ring (`KeyRingFile.resolver()`), which
   * accepts the old key for 30 minutes yet. Call it again after an interruption: it goes on.
   *
   * @param template id in the declared state
   * @param newKey 8 to 32 letters and digits. Default: a new one, which nobody needs to see
   * @throws CloudError
   */
  async rotateKey(template: string, newKey?: string): Promise<RotationResult> {
    const desired = this.desired.templates.find(({ id }) => id === template);
    if (!desired) {
      const known = this.desired.templates.map(({ id }) => id).join(', ');
      throw new CloudError('invalid', `${template} is not declared. Templates: ${known}.`);
    }
    const { account, ring: own, now, onProgress } = this;
    if (!own || desired.key !== undefined) {
      throw new CloudError(
        'invalid',
        `The key of ${template} is declared, so that nobody could keep two. Declare a "keyFile" instead of it: the key that the template has is taken over.`,
      );
    }
    const current = () => this.templateOf(template);
    return this.exclusively((ring = own) =>
      rotateKey({ account, ring, desired, now, onProgress, current }, newKey),
    );
  }

  private exclusively<T>(work: (ring: KeyRing | undefined) => Promise<T>): Promise<T> {
    const { ring, lock } = this;
    const run = () => (ring?.exclusively ? ring.exclusively(work) : work(ring));
    return lock ? lock.run(run) : run();
  }

  /** A template that another machine made at the same time stays, with the key that it has. */
  private async accept(ring: KeyRing | undefined, id: string, key: string): Promise<void> {
    if (!this.desired.templates.some((one) => one.id === id && one.key === undefined)) return;
    await ring?.write(id, reconciled([await ring.read(id)], key, this.now()));
  }

  private async templateOf(id: string): Promise<CloudTemplate> {
    const found = ownTemplates(this.desired.stack, await this.account.read()).get(id) ?? [];
    const [template] = found;
    if (template && found.length === 1) return template;
    throw new CloudError(
      'blocked',
      `The account has ${found.length} templates with the mark of ${id}: apply first.`,
    );
  }

  private async look(ring: KeyRing | undefined, options: PlanOptions): Promise<Look> {
    const account = await this.account.read();
    const own = new Map<string, CloudTemplate>();
    for (const [id, [template]] of ownTemplates(this.desired.stack, account)) {
      if (template) own.set(id, template);
    }
    const keys = await new DesiredKeySource(this.desired, ring).read(own);
    return { account, own, keys, plan: planChanges(this.desired, keys, account, options) };
  }

  private async carryOut(plan: ProvisioningPlan, executor: PlanExecutor): Promise<void> {
    for (const step of plan.steps) {
      await executor.run(step);
      this.onProgress(formatStep(step));
    }
  }

  /** A success of a call is not yet an effect; the cloud may need a moment to show it. */
  private async settle(
    done: ProvisioningPlan,
    look: () => Promise<ProvisioningPlan>,
  ): Promise<void> {
    if (done.steps.length === 0) return;
    for (let attempt = 1; ; attempt++) {
      const left = await look();
      if (left.steps.length === 0 && left.blockers.length === 0) return;
      if (attempt >= this.attempts) {
        throw new CloudError(
          'unsettled',
          `The cloud reported success, but this is left:\n${formatPlan({ ...left, notes: [] })}\nRun again; if a field keeps its old value, clear it in the console.`,
        );
      }
      await this.account.pause(attempt);
    }
  }
}

interface Look {
  readonly account: CloudAccount;
  /** Templates of ours, by id of the declared state. */
  readonly own: ReadonlyMap<string, CloudTemplate>;
  readonly keys: DesiredKeys;
  readonly plan: ProvisioningPlan;
}

function refuseBlocked({ blockers }: ProvisioningPlan): void {
  if (blockers.length === 0) return;
  throw new CloudError('blocked', `Nothing was changed. ${blockers.join('\n')}`);
}
