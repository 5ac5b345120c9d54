import { shown, type ProblemList } from './problem.list.js';
import { APP_NAME, HOST_NAME, MAX_APP_NAME } from './template.limits.js';

/** A declared rule, checked. */
export interface DesiredRule {
  /** In lower case. */
  readonly domain: string;
  readonly appName: string;
  /** Id of the declared template. */
  readonly template: string;
}

const DEFAULT_APP_NAME = 'live';

/** Checks the rules of all templates, against each other too: a domain and AppName has one. */
export function checkRules(
  problems: ProblemList,
  templates: readonly (readonly [id: string, declaration: unknown])[],
): DesiredRule[] {
  const takenBy = new Map<string, string>();
  return templates.flatMap(([template, declaration]) => {
    const { rules } = (declaration ?? {}) as { rules?: unknown };
    const path = `templates.${template}.rules`;
    return problems.list(path, rules).map((rule, index) => {
      const at = `${path}[${index}]`;
      const given = problems.object(at, rule, ['domain', 'appName']);
      const domain = checkDomain(problems, `${at}.domain`, given['domain']);
      const appName = checkAppName(problems, `${at}.appName`, given['appName']);
      const other = takenBy.get(`${domain}/${appName}`);
      if (other) problems.add(at, `binds ${domain}/${appName}, as ${other} does.`);
      takenBy.set(`${domain}/${appName}`, at);
      return { domain, appName, template };
    });
  });
}

function checkDomain(problems: ProblemList, at: string, given: unknown): string {
  const domain = problems.text(at, given, 'a push domain')?.toLowerCase();
  if (domain !== undefined && !HOST_NAME.test(domain)) {
    problems.add(at, `must be a host name such as push.example.com, not ${shown(domain)}.`);
  }
  return domain ?? at;
}

function checkAppName(problems: ProblemList, at: string, given: unknown): string {
  if (given === undefined) return DEFAULT_APP_NAME;
  const appName = problems.text(at, given, 'the AppName of the push URL');
  if (appName !== undefined && (!APP_NAME.test(appName) || appName.length > MAX_APP_NAME)) {
    problems.add(
      at,
      `must be the AppName of the push URL, 1 to ${MAX_APP_NAME} characters without "/", not ${shown(appName)}.`,
    );
  }
  return appName ?? DEFAULT_APP_NAME;
}
