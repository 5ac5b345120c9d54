import { setTimeout as delay } from 'node:timers/promises';

import type { CloudApi } from '../api/cloud-api.js';
import { CloudApiError } from '../api/cloud-api.error.js';
import type { FailureClass } from '../api/failure-class.js';
import type { CloudAccount, CloudRule, CloudTemplate, TemplateFields } from './template.fields.js';

/** How calls are repeated. */
export interface RetryOptions {
  /** Calls in all. */
  readonly attempts: number;
  /** Pause before the second, ms; doubled each time, at most 8 s, and spread. */
  readonly backoffMs: number;
}

const MAX_BACKOFF_MS = 8_000;
const RETRIED: ReadonlySet<FailureClass> = new Set(['throttled', 'transient', 'ambiguous']);
const UNCERTAIN: ReadonlySet<FailureClass> = new Set(['transient', 'ambiguous', 'exists']);

type Result = Readonly<Record<string, unknown>>;

/** The templates and rules of an account: each action, with what its failures call for. */
export class CallbackAccount {
  constructor(
    private readonly api: CloudApi,
    private readonly retry: RetryOptions,
  ) {}

  /**
   * Reads everything; two calls, however much there is.
   *
   * @throws CloudApiError
   */
  async read(): Promise<CloudAccount> {
    const templates = await this.list('DescribeLiveCallbackTemplates', 'Templates');
    const rules = await this.list('DescribeLiveCallbackRules', 'Rules');
    return { templates: templates.map(templateOf), rules: rules.map(ruleOf) };
  }

  /**
   * Creates a template. Creation knows no token that would make it safe to repeat, so that after a
   * doubtful end the account is searched for it first.
   *
   * @param isIt recognises the template
   * @returns its id
   * @throws CloudApiError
   */
  async createTemplate(
    fields: TemplateFields,
    isIt: (template: CloudTemplate) => boolean,
  ): Promise<number> {
    const action = 'CreateLiveCallbackTemplate';
    const find = async () => (await this.read()).templates.find(isIt)?.id;
    return this.creating(find, async () => {
      const { TemplateId } = await this.api.call(action, fields);
      if (Number.isInteger(TemplateId)) return TemplateId as number;
      throw unreadable(action, 'TemplateId');
    });
  }

  /** @throws CloudApiError */
  async modifyTemplate(id: number, fields: TemplateFields): Promise<void> {
    await this.repeating(() =>
      this.api.call('ModifyLiveCallbackTemplate', { TemplateId: id, ...fields }),
    );
  }

  /**
   * Deletes a template, and first the rules that came meanwhile. One that is gone is deleted.
   *
   * @throws CloudApiError which lists the rules when it stays in use
   */
  async deleteTemplate(id: number): Promise<void> {
    try {
      await this.deleting('DeleteLiveCallbackTemplate', { TemplateId: id });
    } catch (error) {
      if (!isOfClass(error, 'in-use')) throw error;
      for (const rule of await this.rulesOf(id)) await this.deleteRule(rule);
      await this.deleteUnbound(id);
    }
  }

  /**
   * Creates a rule. One that is there already, as it should be, is as good.
   *
   * @throws CloudApiError
   */
  async createRule({ domain, appName, templateId }: CloudRule): Promise<void> {
    const find = async () => {
      const { rules } = await this.read();
      return rules.some(
        (rule) =>
          rule.domain === domain && rule.appName === appName && rule.templateId === templateId,
      )
        ? true
        : undefined;
    };
    await this.creating(find, async () => {
      await this.api.call('CreateLiveCallbackRule', {
        DomainName: domain,
        AppName: appName,
        TemplateId: templateId,
      });
      return true;
    });
  }

  /**
   * Deletes a rule. One that is gone is deleted.
   *
   * @throws CloudApiError
   */
  async deleteRule({ domain, appName }: Pick<CloudRule, 'domain' | 'appName'>): Promise<void> {
    await this.deleting('DeleteLiveCallbackRule', { DomainName: domain, AppName: appName });
  }

  /** Waits before a further look or call, longer each time. */
  pause(attempt: number): Promise<void> {
    const full = Math.min(this.retry.backoffMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
    return delay(full * (0.5 + Math.random() / 2));
  }

  private async list(action: string, field: string): Promise<readonly Result[]> {
    return this.repeating(async () => {
      const { [field]: rows } = await this.api.call(action, {});
      if (Array.isArray(rows)) return rows as Result[];
      throw unreadable(action, field);
    });
  }

  private async rulesOf(templateId: number): Promise<CloudRule[]> {
    return (await this.read()).rules.filter((rule) => rule.templateId === templateId);
  }

  /** The cloud may take a moment to notice that the last rule is gone. */
  private async deleteUnbound(id: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.deleting('DeleteLiveCallbackTemplate', { TemplateId: id });
      } catch (error) {
        if (!isOfClass(error, 'in-use')) throw error;
        if (attempt < this.retry.attempts) {
          await this.pause(attempt);
          continue;
        }
        const bound = (await this.rulesOf(id)).map((rule) => `${rule.domain}/${rule.appName}`);
        throw new CloudApiError(
          {
            action: error.action,
            cloudCode: error.cloudCode,
            requestId: error.requestId,
            problem: `Template ${id} is still in use by ${bound.join(', ') || 'something that is no callback rule'}.`,
            advice: 'Delete what uses it, and run again.',
          },
          { cause: error },
        );
      }
    }
  }

  private async deleting(action: string, parameters: Result): Promise<void> {
    try {
      await this.repeating(() => this.api.call(action, parameters));
    } catch (error) {
      if (!isOfClass(error, 'gone')) throw error;
    }
  }

  /** Repeats what may be repeated without a look. */
  private async repeating<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (!this.isWorthRepeating(error, attempt)) throw error;
      }
      await this.pause(attempt);
    }
  }

  /** Repeats a creation only after a look at whether it has taken effect. */
  private async creating<T>(find: () => Promise<T | undefined>, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        const isUncertain = error instanceof CloudApiError && UNCERTAIN.has(error.failureClass);
        if (isUncertain) {
          await this.pause(attempt);
          const found = await find();
          if (found !== undefined) return found;
        }
        if (!this.isWorthRepeating(error, attempt)) throw error;
        if (!isUncertain) await this.pause(attempt);
      }
    }
  }

  private isWorthRepeating(error: unknown, attempt: number): boolean {
    if (!(error instanceof CloudApiError)) return false;
    // The signature is as old as the request was late; a second one is made anew.
    if (error.failureClass === 'clock') return attempt === 1;
    return RETRIED.has(error.failureClass) && attempt < this.retry.attempts;
  }
}

function isOfClass(error: unknown, failureClass: FailureClass): error is CloudApiError {
  return error instanceof CloudApiError && error.failureClass === failureClass;
}

function unreadable(action: string, field: string): CloudApiError {
  return new CloudApiError({
    action,
    cloudCode: null,
    requestId: null,
    problem: `The answer has no ${field}.`,
    advice: 'Check that the endpoint is the cloud API.',
  });
}

function templateOf(row: Result): CloudTemplate {
  const fields = Object.entries(row).flatMap(([name, value]): [string, string | string[]][] => {
    if (typeof value === 'string') return [[name, value]];
    return Array.isArray(value) ? [[name, value.map(String)]] : [];
  });
  return { id: Number(row['TemplateId']), fields: Object.fromEntries(fields) };
}

function ruleOf(row: Result): CloudRule {
  return {
    domain: String(row['DomainName']).toLowerCase(),
    appName: String(row['AppName']),
    templateId: Number(row['TemplateId']),
  };
}
