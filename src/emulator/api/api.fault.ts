/** What goes wrong instead of the usual answer. */
export type FaultEffect =
  /** An API error with this code, status 200. */
  | { readonly error: string }
  /** An HTTP status without an envelope, as from a gateway. */
  | { readonly status: number }
  /** A redirect, 302 unless told otherwise. */
  | { readonly redirect: string; readonly status?: number }
  /** The usual answer, so many ms later. */
  | { readonly delayMs: number }
  /** The connection ends without an answer. */
  | { readonly drop: true }
  /** Status 200 with a page instead of JSON. */
  | { readonly notJson: true }
  /** Half the body, then the connection ends. */
  | { readonly truncated: true }
  /** Half the body, then nothing more. */
  | { readonly stalled: true };

/** A fault on demand. */
export interface ApiFault {
  /** Action that it strikes; `*` for any. */
  readonly action: string;
  /** Whether the action takes effect all the same: `before` it does not. Default: before. */
  readonly when?: 'before' | 'after';
  /** How often. Default: once. */
  readonly count?: number;
  readonly effect: FaultEffect;
}

const EFFECTS: Readonly<Record<string, string>> = {
  error: 'string',
  status: 'number',
  redirect: 'string',
  delayMs: 'number',
  drop: 'boolean',
  notJson: 'boolean',
  truncated: 'boolean',
  stalled: 'boolean',
};

/**
 * Checks a fault, which may come from a script file or another process.
 *
 * @throws TypeError
 */
export function checkFault({ action, when, effect }: ApiFault, actions: readonly string[]): void {
  if (action !== '*' && !actions.includes(action)) {
    throw new TypeError(`There is no action ${action}. Actions: *, ${actions.join(', ')}.`);
  }
  if (when !== undefined && when !== 'before' && when !== 'after') {
    throw new TypeError('A fault strikes "before" or "after" the effect.');
  }
  const given = Object.entries(effect ?? {});
  if (given.length === 0 || given.some(([name, value]) => typeof value !== EFFECTS[name])) {
    throw new TypeError(`The effect of a fault is one of ${Object.keys(EFFECTS).join(', ')}.`);
  }
}

/** The faults that are still to come. */
export class FaultScript {
  private faults: { fault: ApiFault; left: number }[] = [];

  add(fault: ApiFault): void {
    this.faults.push({ fault, left: fault.count ?? 1 });
  }

  clear(): void {
    this.faults = [];
  }

  /** The next fault for an action, used up by one. */
  take(action: string): ApiFault | undefined {
    const next = this.faults.find(({ fault }) => fault.action === action || fault.action === '*');
    if (!next) return undefined;
    next.left--;
    if (next.left <= 0) this.faults = this.faults.filter((one) => one !== next);
    return next.fault;
  }
}
