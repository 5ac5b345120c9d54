/** What a failed call means for the next step. */
export type FailureClass =
  /** Too many calls: wait and call again. */
  | 'throttled'
  /** Nobody knows whether it took effect: call again, after a creation look first. */
  | 'transient'
  /** As transient; a rule may be there already. */
  | 'ambiguous'
  /** The clocks differ. */
  | 'clock'
  /** What it is about does not exist. */
  | 'gone'
  /** What should be deleted is in use. */
  | 'in-use'
  /** What should be created exists. */
  | 'exists'
  /** The account is full. */
  | 'quota'
  /** Calling again does not help. */
  | 'fatal';

const BY_LAST_SEGMENT: Readonly<Record<string, FailureClass>> = {
  ConfNotFound: 'gone',
  NotFound: 'gone',
  RuleNotFound: 'gone',
  ConfInUsed: 'in-use',
  RuleInUsing: 'in-use',
  RuleAlreadyExist: 'exists',
  ConfOutLimit: 'quota',
  LimitExceeded: 'quota',
  ServiceUnavailable: 'transient',
  ResourceUnavailable: 'transient',
};

/**
 * The class of an API error. By its last segment, because the same condition has several prefixes.
 *
 * @param code null when there was no answer of the API
 */
export function failureClassOf(code: string | null): FailureClass {
  if (code === null) return 'transient';
  if (code.startsWith('RequestLimitExceeded')) return 'throttled';
  if (code === 'InternalError') return 'ambiguous';
  if (code === 'AuthFailure.SignatureExpire') return 'clock';
  return BY_LAST_SEGMENT[code.slice(code.lastIndexOf('.') + 1)] ?? 'fatal';
}

/** Whether the account does not admit the key, or not to this action. */
export function isKeyRefused(code: string | null): boolean {
  if (code === null || failureClassOf(code) === 'clock') return false;
  return /^(AuthFailure|UnauthorizedOperation)/.test(code);
}

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /^AuthFailure\.SignatureExpire/,
    'The clock of this machine is more than five minutes off: set it.',
  ],
  [/^AuthFailure\.(SecretId|Signature)/, 'Check SecretId and SecretKey.'],
  [/^AuthFailure\.Token/, 'The temporary credentials have expired: get new ones.'],
  [/^AuthFailure/, 'Check SecretId, SecretKey and token.'],
  [
    /^UnauthorizedOperation/,
    'Allow this key to manage live callbacks: live:*LiveCallback* in its policy.',
  ],
  [/^Ip/, 'The account admits other addresses only: call from one of them.'],
  [/^RequestLimitExceeded/, 'Try again later, or run fewer tools on this account at a time.'],
  [
    /ConfOutLimit$|LimitExceeded$/,
    'An account may have 50 templates: delete one that is not used.',
  ],
  [
    /UrlNotSafe$/,
    'The cloud does not accept a host of the URLs: it needs a public name that resolves.',
  ],
  [
    /^UnknownParameter/,
    'This endpoint lacks a field: the international ones have no record-status, record-exception and audio-audit. Remove that event.',
  ],
  [/^NoSuch|^InvalidAction/, 'Check the endpoint: it is not that of the live product.'],
  [
    /^ResourceNotFound\.|^UnsupportedOperation/,
    'The state of the account does not allow it: see the live console.',
  ],
  [
    /RuleAlreadyExist$/,
    'Somebody else has bound this domain and AppName: plan again to see to which template.',
  ],
  [/ConfInUsed$|RuleInUsing$/, 'Unbind the rules that use it.'],
  [/NotFound$/, 'It was deleted meanwhile: run again.'],
  [/^InternalError$|Unavailable$/, 'The cloud has a problem: run again later.'],
];

/** What to do about an API error. */
export function adviceOn(code: string): string {
  return (
    ADVICE.find(([pattern]) => pattern.test(code))?.[1] ??
    'See the error codes of this action in the documentation of the live product.'
  );
}
