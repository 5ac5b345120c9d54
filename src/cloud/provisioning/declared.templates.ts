import { createHash } from 'node:crypto';

import { Logger } from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import type { CloudApi } from '../api/cloud-api.js';
import { CloudError } from '../api/cloud.error.js';
import { resolveState } from './desired-state.js';
import type { DriftReport } from './drift.js';
import { FileLock } from './file.lock.js';
import { KeyRingFile } from './key-ring.file.js';
import { LiveCallbackProvisioner } from './live-callback.provisioner.js';
import { checkNewKey, keepNewKey } from './new-template.key.js';
import { ProblemList } from './problem.list.js';
import type { PlanOptions } from './provisioning.plan.js';
import type { ProvisioningState } from './provisioning.state.js';
import { parseState, readStateFile, type Environment } from './state-file.js';
import { withTemplate, writtenTemplates, type WrittenTemplate } from './state.document.js';
import { replaceFile } from './state.writer.js';
import { editedTemplate, type EditedTemplate } from './template.edit.js';
import { templateView, type ComparedTemplates, type TemplatesView } from './templates.view.js';

/** Where the declared state is, and the way to the cloud. */
export interface DeclaredTemplatesOptions {
  /** The state file, as for `loadState`; edits are written to it. */
  file: string;
  /** The way to the cloud, usually a `TencentCloudApi`. */
  api: CloudApi;
  /** Variables that the file refers to. Default: those of the process. */
  env?: Environment;
}

/** What a template is to be. */
export interface TemplateEdit {
  /** In the declared state. */
  readonly id: string;
  readonly declaration: EditedTemplate;
  /** Whether it must not be declared yet. Default: false. */
  readonly isNew?: boolean;
  /** The key of a new template, kept in the key file. Default: one is made. */
  readonly key?: string;
  /** Of the view in which the edit was made. */
  readonly revision: string;
}

/** What is carried out. */
export interface TemplateApplication extends PlanOptions {
  /** `seen` of the view in which it was ordered: what nobody has looked at is not done. */
  readonly seen: string;
}

/** A look at the account is shown for so long: pages ask again every few seconds. */
const LOOK_MS = 30_000;
/** Somebody waits for the answer. */
const LOCK_TIMES = { waitMs: 10_000, silenceMs: 20_000 };
const LOOKING = { attempts: 2 };

/**
 * The callback templates of a state file, for people who change them on a screen: an edit changes the file,
 * and what is declared is applied as ever. Keys go in and never come out.
 *
 * @example
 * ```ts
 * LiveCallbackConsoleModule.register({
 *   token: process.env.CONSOLE_TOKEN,
 *   templates: new DeclaredTemplates({ file: 'callbacks.yaml', api }),
 * });
 * ```
 * @publicApi
 */
export class DeclaredTemplates {
  private readonly logger = new Logger('LiveCallback');
  private readonly file: string;
  private readonly api: CloudApi;
  private readonly env: Environment;
  /** Runs on the same file, those of the command line included, take turns. */
  private readonly lock: FileLock;
  private look: { readonly revision: string; readonly at: number; is: Promise<Look> } | undefined;

  constructor({ file, api, env = process.env }: DeclaredTemplatesOptions) {
    this.file = file;
    this.api = api;
    this.env = env;
    this.lock = new FileLock(`${file}.lock`, LOCK_TIMES);
  }

  /**
   * What is declared, and what of it the account lacks. Secrets are masked.
   *
   * @throws ProvisioningStateError when the file cannot be used
   */
  async read(): Promise<TemplatesView> {
    return this.viewOf(await this.open());
  }

  /**
   * Compares the account with what is declared, and tells who has changed what; only reads.
   *
   * @throws CloudError; ProvisioningStateError when the file cannot be used
   */
  async drift(): Promise<DriftReport> {
    return this.provisionerOf(await this.open(), LOOKING).drift();
  }

  /**
   * Declares a template, or changes its declaration; nothing is applied yet.
   *
   * @param by who does it, for the log
   * @throws CloudError `invalid` when the state could not be applied, `blocked` when it was changed meanwhile
   */
  async save(edit: TemplateEdit, by: string): Promise<TemplatesView> {
    const { id, declaration, isNew = false, key, revision } = edit;
    return this.editing(id, revision, async (file, before) => {
      const problems = new ProblemList();
      const path = `templates.${id}`;
      if (isNew && before) problems.add(path, 'is declared already.');
      if (!isNew && !before) problems.add(path, 'is not declared.');
      const next = editedTemplate(problems, path, before, declaration);
      if (key !== undefined) checkNewKey(problems, `${path}.key`, key, isNew, file.ring);
      problems.throwIfAny();
      await this.write(file, id, next, () => keepNewKey(file.ring, id, key));
      this.logger.log(`Callback template ${id} is ${isNew ? 'declared' : 'changed'}, by ${by}.`);
    });
  }

  /**
   * Declares a template no more; nothing is applied yet.
   *
   * @param by who does it, for the log
   * @throws CloudError `blocked` when the state was changed meanwhile
   */
  async remove(edit: Pick<TemplateEdit, 'id' | 'revision'>, by: string): Promise<TemplatesView> {
    const { id, revision } = edit;
    return this.editing(id, revision, async (file, before) => {
      if (!before) throw changedMeanwhile();
      await this.write(file, id, undefined);
      this.logger.log(`Callback template ${id} is declared no more, by ${by}.`);
    });
  }

  /**
   * Makes the account what is declared.
   *
   * @param by who does it, for the log
   * @throws CloudError `blocked` when there is other to do than was seen
   */
  async apply({ seen, ...options }: TemplateApplication, by: string): Promise<TemplatesView> {
    return this.lock.run(async () => {
      const file = await this.open();
      this.look = undefined;
      const { compared } = await this.lookAt(file);
      if (compared?.seen !== seen) throw changedMeanwhile();
      return this.changing(file, by, (provisioner) => provisioner.apply(options));
    });
  }

  /**
   * Gives a template a new key; receivers that read the key file accept both meanwhile.
   *
   * @param by who does it, for the log
   * @throws CloudError
   */
  async rotateKey({ id, key }: { id: string; key?: string }, by: string): Promise<TemplatesView> {
    return this.lock.run(async () =>
      this.changing(await this.open(), by, (provisioner) => provisioner.rotateKey(id, key)),
    );
  }

  private editing(
    id: unknown,
    revision: string,
    work: (file: OpenFile, before: WrittenTemplate | undefined) => Promise<void>,
  ): Promise<TemplatesView> {
    return this.lock.run(async () => {
      const file = await this.open();
      if (file.revision !== revision || typeof id !== 'string') throw changedMeanwhile();
      await work(file, writtenTemplates(file.text, this.file).get(id));
      return this.viewOf(await this.open());
    });
  }

  private async write(
    { text, ring }: OpenFile,
    id: string,
    declaration: WrittenTemplate | undefined,
    first: () => Promise<void> = async () => {},
  ): Promise<void> {
    const next = withTemplate(text, this.file, id, declaration);
    resolveState(parseState(next, this.file, this.env), ring !== undefined);
    await first();
    await replaceFile(this.file, next);
  }

  private async changing(
    file: OpenFile,
    by: string,
    work: (provisioner: LiveCallbackProvisioner) => Promise<unknown>,
  ): Promise<TemplatesView> {
    const onProgress = (line: string) => this.logger.log(`Callback templates, by ${by}: ${line}`);
    try {
      await work(this.provisionerOf(file, { onProgress }));
    } finally {
      this.look = undefined;
    }
    return this.viewOf(file);
  }

  private async open(): Promise<OpenFile> {
    const text = await readStateFile(this.file);
    const state = parseState(text, this.file, this.env);
    const ring = typeof state?.keyFile === 'string' ? new KeyRingFile(state.keyFile) : undefined;
    resolveState(state, ring !== undefined);
    return { text, state, ring, revision: digest(text) };
  }

  private async viewOf(file: OpenFile): Promise<TemplatesView> {
    const { state, ring, revision, text } = file;
    const { compared, failure } = await this.lookAt(file);
    const templates = [...writtenTemplates(text, this.file)].map(async ([id, written]) =>
      templateView(id, written, written.key === undefined && (await ring?.read(id)) !== undefined),
    );
    return {
      stack: state.stack,
      hasBaseUrl: state.baseUrl !== undefined,
      hasKeyFile: ring !== undefined,
      revision,
      templates: await Promise.all(templates),
      compared,
      failure,
    };
  }

  private lookAt(file: OpenFile): Promise<Look> {
    const { look } = this;
    const isFresh = look?.revision === file.revision && Date.now() - look.at < LOOK_MS;
    if (look && isFresh) return look.is;
    const is = this.compare(file);
    this.look = { revision: file.revision, at: Date.now(), is };
    return is;
  }

  /** Where the cloud does not answer, what is declared is shown all the same. */
  private async compare(file: OpenFile): Promise<Look> {
    try {
      const comparison = await this.provisionerOf(file, LOOKING).compare();
      const steps = comparison.drift.findings.map(({ step }) => step);
      const seen = digest(JSON.stringify([file.revision, steps]));
      return { compared: { ...comparison, seen, at: new Date() }, failure: null };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      return { compared: null, failure: errorText(error) };
    }
  }

  private provisionerOf(
    { state, ring }: OpenFile,
    options: { attempts?: number; onProgress?: (line: string) => void },
  ): LiveCallbackProvisioner {
    const keyRing = ring === undefined ? {} : { keyRing: ring };
    return new LiveCallbackProvisioner({ state, api: this.api, ...keyRing, ...options });
  }
}

interface OpenFile {
  readonly text: string;
  readonly state: ProvisioningState;
  readonly ring: KeyRingFile | undefined;
  readonly revision: string;
}

interface Look {
  readonly compared: ComparedTemplates | null;
  readonly failure: string | null;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function changedMeanwhile(): CloudError {
  return new CloudError(
    'blocked',
    'Nothing was changed: the declared state or the account is another one meanwhile. Look again.',
  );
}
