import type { HttpAnswer } from './http.client.js';

const SHOWN_BODY = 200;

/** Whether the body of an answer is one that the module writes. */
export function isOfModule({ status, body }: HttpAnswer): boolean {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return code === (status === 200 ? 0 : status);
  } catch {
    return false;
  }
}

/** The beginning of a body, on one line. */
export function shownBody(body: string): string {
  const line = body.replaceAll(/\s+/g, ' ').trim();
  return line.length > SHOWN_BODY ? `${line.slice(0, SHOWN_BODY)}…` : line;
}

/** What an answer to a callback means, and what to do about it. */
export function meaningOf(answer: HttpAnswer): string {
  const { status } = answer;
  if (status === null) return `${answer.error}; CSS would send it again`;
  if (status === 200) {
    return isOfModule(answer)
      ? 'stored, now or before'
      : 'success for CSS, but not the answer of the module: something in front of it answers';
  }
  if (status >= 300 && status < 400) {
    return 'a redirect, which CSS is not known to follow: give it the final URL';
  }
  const known = MEANINGS[status];
  if (known === undefined || !isOfModule(answer)) {
    const other = NOT_OF_MODULE[status];
    if (other !== undefined) return other;
  }
  return known ?? 'not 200, which alone is success at CSS: it would send the callback again';
}

/** Answers of the module (docs/receive.md, "Answers"). */
const MEANINGS: Readonly<Record<number, string>> = {
  400: 'refused: no JSON object in UTF-8, nor a valid pair in it, or nested too deep',
  401: 'refused: the key differs, the signature has expired, or the token of the URL is missing; "live-callback audit rejections" tells which',
  408: 'refused: the body took too long',
  413: 'refused: the body is larger than the option bodyLimit',
  415: 'refused: not application/json, or a content encoding',
  503: 'not stored: the database is away or too slow; CSS would send it again',
};

/** What usually stands behind the same status when somebody else answers. */
const NOT_OF_MODULE: Readonly<Record<number, string>> = {
  201: 'the usual answer of Nest to a POST, and a failure for CSS: this is not a route of the module',
  401: 'not the answer of the module: a guard of the application or a proxy asks for a login; exempt the callback routes',
  403: 'not the answer of the module: a guard of the application, a proxy or a firewall refuses; exempt the callback routes',
  404: 'there is no such route: check the path of the URL, a global prefix included, and the kind',
  405: 'not the answer of the module: the route is for another method',
  413: 'not the answer of the module: a proxy limits bodies to less than the module does',
  429: 'a rate limit: exempt the callback routes from it',
  502: 'a proxy cannot reach the application',
  503: 'not the answer of the module: a proxy finds no application behind it',
  504: 'a proxy did not get an answer of the application in time',
};
