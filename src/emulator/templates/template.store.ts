import type { CallbackTarget, TemplateDirectory } from '../template-directory.js';
import {
  urlOfKind,
  type CallbackRule,
  type CallbackTemplate,
  type TemplateInput,
} from './callback-template.js';
import { CloudFault } from './cloud.fault.js';
import { checkDomain, checkFields, checkHasUrl } from './template.checks.js';

/** Templates that one account may have (docs/protocol.md, 1.2). */
const MAX_TEMPLATES = 50;

/** How the account behaves where the cloud is configured, slow or undocumented. */
export interface TemplateSwitches {
  /** How long a change takes to affect callbacks, ms; reads show it at once. Default: 0. */
  propagationMs: number;
  /** Hosts whose URLs are refused as unsafe. Default: none. */
  unsafeHosts: readonly string[];
  /** Push domains of the account; a rule for another is refused. Default: any. */
  domains: readonly string[] | null;
  /** Code of the answer to a rule that exists already. Default: `InternalError.RuleAlreadyExist`. */
  duplicateRuleCode: 'InternalError.RuleAlreadyExist' | 'InternalError';
}

/** Templates and rules at one moment. Never changed: a change makes the next one. */
interface Account {
  readonly templates: ReadonlyMap<number, CallbackTemplate>;
  readonly rules: readonly CallbackRule[];
}

const EMPTY: Account = { templates: new Map(), rules: [] };

/** The callback templates and rules of the emulated account. */
export class TemplateStore implements TemplateDirectory {
  readonly switches: TemplateSwitches = {
    propagationMs: 0,
    unsafeHosts: [],
    domains: null,
    duplicateRuleCode: 'InternalError.RuleAlreadyExist',
  };
  private account = EMPTY;
  /** What callbacks see, and from when on. */
  private published = [{ from: -Infinity, account: EMPTY }];
  private nextId = 1001;

  /** @param now the current time, Unix milliseconds */
  constructor(private readonly now: () => number = Date.now) {}

  /** Ordered by id. */
  get templates(): readonly CallbackTemplate[] {
    return [...this.account.templates.values()];
  }

  /** Ordered by time, domain and AppName. */
  get rules(): readonly CallbackRule[] {
    return this.account.rules.toSorted(
      (one, other) =>
        one.createdAt - other.createdAt ||
        compare(one.domain, other.domain) ||
        compare(one.appName, other.appName),
    );
  }

  targetOf(pushDomain: string, appName: string): CallbackTarget | undefined {
    const { templates, rules } = this.effective();
    const domain = pushDomain.toLowerCase();
    const ofApp = (name: string) =>
      rules.find((rule) => rule.domain === domain && rule.appName === name);
    const rule = ofApp(appName) ?? ofApp('');
    const template = rule && templates.get(rule.templateId);
    if (!template) return undefined;
    return {
      key: template.fields.CallbackKey ?? '',
      urlOf: (kind) => urlOfKind(template, kind),
    };
  }

  /** @throws CloudFault */
  template(id: number): CallbackTemplate {
    const template = this.account.templates.get(id);
    if (template) return template;
    throw new CloudFault('InternalError.ConfNotFound', `There is no template ${id}.`);
  }

  /**
   * @returns the id of the new template
   * @throws CloudFault
   */
  createTemplate(fields: TemplateInput): number {
    checkFields(fields, this.switches.unsafeHosts);
    checkHasUrl(fields);
    if (this.account.templates.size >= MAX_TEMPLATES) {
      throw new CloudFault(
        'InternalError.ConfOutLimit',
        `The account has ${MAX_TEMPLATES} templates, which is the most.`,
      );
    }
    const id = this.nextId++;
    this.putTemplate({ id, fields });
    return id;
  }

  /**
   * Fields left out are kept, empty ones cleared.
   *
   * @throws CloudFault
   */
  modifyTemplate(id: number, changes: TemplateInput): void {
    checkFields(changes, this.switches.unsafeHosts);
    const fields = { ...this.template(id).fields, ...changes };
    checkHasUrl(fields);
    this.putTemplate({ id, fields });
  }

  /** @throws CloudFault */
  deleteTemplate(id: number): void {
    this.template(id);
    if (this.account.rules.some((rule) => rule.templateId === id)) {
      throw new CloudFault('FailedOperation.ConfInUsed', `Rules use the template ${id}.`);
    }
    const templates = new Map(this.account.templates);
    templates.delete(id);
    this.change({ ...this.account, templates });
  }

  /** @throws CloudFault */
  createRule(domainName: string, appName: string, templateId: number): void {
    const domain = domainName.toLowerCase();
    checkDomain(domain);
    if (this.switches.domains && !this.switches.domains.includes(domain)) {
      throw new CloudFault(
        'InvalidParameterValue',
        'DomainName is no push domain of this account.',
      );
    }
    this.template(templateId);
    if (this.find(domain, appName)) {
      throw new CloudFault(
        this.switches.duplicateRuleCode,
        `A rule for ${domain}/${appName} exists.`,
      );
    }
    // Whole seconds, because that is what a list shows, and is ordered by.
    const createdAt = Math.floor(this.now() / 1000) * 1000;
    const rule = { domain, appName, templateId, createdAt };
    this.change({ ...this.account, rules: [...this.account.rules, rule] });
  }

  /** @throws CloudFault */
  deleteRule(domainName: string, appName: string): void {
    const rule = this.find(domainName.toLowerCase(), appName);
    if (!rule) throw new CloudFault('FailedOperation.NotFound', 'There is no such rule.');
    this.change({ ...this.account, rules: this.account.rules.filter((one) => one !== rule) });
  }

  /** Empties the account at once, for callbacks too. Ids are not used again. */
  wipe(): void {
    this.account = EMPTY;
    this.published = [{ from: -Infinity, account: EMPTY }];
  }

  private find(domain: string, appName: string): CallbackRule | undefined {
    return this.account.rules.find((rule) => rule.domain === domain && rule.appName === appName);
  }

  private putTemplate(template: CallbackTemplate): void {
    const templates = new Map(this.account.templates).set(template.id, template);
    this.change({ ...this.account, templates });
  }

  private change(account: Account): void {
    this.account = account;
    const effective = this.effective();
    const waiting = this.published.slice(
      this.published.findIndex((entry) => entry.account === effective),
    );
    this.published = [...waiting, { from: this.now() + this.switches.propagationMs, account }];
  }

  private effective(): Account {
    const now = this.now();
    return this.published.findLast(({ from }) => from <= now)?.account ?? EMPTY;
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
