import { shown, type ProblemList } from './problem.list.js';
import { isCallbackUrl } from './template.limits.js';

/** The URL of a kind on the module's routes. */
export function urlOfEvent(baseUrl: string, kind: string, urlToken: string | undefined): string {
  const query = urlToken === undefined ? '' : `?token=${urlToken}`;
  return `${baseUrl}/${kind}${query}`;
}

/** A callback URL; undefined, with a problem noted, when it is none. */
export function checkUrl(problems: ProblemList, at: string, given: unknown): string | undefined {
  const url = problems.text(at, given, 'an http or https URL');
  if (url === undefined) return undefined;
  if (isCallbackUrl(url)) return url;
  problems.add(at, `must be an absolute http or https URL, not ${shown(url)}.`);
  return undefined;
}

/** The base URL without a slash at its end; undefined when there is none. */
export function baseUrlOf(problems: ProblemList, given: unknown): string | undefined {
  if (given === undefined) return undefined;
  const url = checkUrl(problems, 'baseUrl', given);
  if (url === undefined) return undefined;
  if (/[?#]/.test(url)) {
    problems.add(
      'baseUrl',
      `may have no query, because the kind is added to it: give the token as "urlToken". It is ${shown(url)}.`,
    );
  }
  return url.replace(/\/+$/, '');
}
