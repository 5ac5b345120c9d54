import type { SeededRandom } from '../seeded.random.js';

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
  | { readonly stalled: true }
  /** The lists in the answer lack so many of their last rows; the counters still count them. */
  | { readonly lessRows: number }
  /** A page after the first is read when so many rows before it have gone. */
  | { readonly moved: number }
  /** The field is missing wherever it would stand. */
  | { readonly without: string };

/** A fault on demand. */
export interface ApiFault {
  /** Action that it strikes; `*` for any. */
  readonly action: string;
  /** Whether the action takes effect all the same: `before` it does not. Default: before. */
  readonly when?: 'before' | 'after';
  /** How often. Default: once; without end when there is a `rate`. */
  readonly count?: number;
  /** Which part of the calls it strikes, drawn by the seed of the server; 0 to 1. Default: 1. */
  readonly rate?: number;
  readonly effect: FaultEffect;
}

const MAX_FAULTS = 1_000;
const MAX_COUNT = 1_000_000;
const MAX_DELAY_MS = 600_000;
const MAX_ROWS = 10_000;

const EFFECTS: Readonly<Record<string, string>> = {
  error: 'string',
  status: 'number',
  redirect: 'string',
  delayMs: 'number',
  drop: 'boolean',
  notJson: 'boolean',
  truncated: 'boolean',
  stalled: 'boolean',
  lessRows: 'number',
  moved: 'number',
  without: 'string',
};

/**
 * Checks a fault, which may come from a script file or another process.
 *
 * @throws TypeError
 */
export function checkFault(fault: ApiFault, actions: readonly string[]): void {
  const { action, when, effect, count = 1, rate = 1 } = fault;
  checkAction(action, actions);
  if (!(rate > 0 && rate <= 1)) throw new TypeError('rate must be above 0, and 1 at most.');
  within('count', count, 1, MAX_COUNT);
  if (when !== undefined && when !== 'before' && when !== 'after') {
    throw new TypeError('A fault strikes "before" or "after" the effect.');
  }
  const given = Object.entries(effect ?? {});
  if (given.length === 0 || given.some(([name, value]) => typeof value !== EFFECTS[name])) {
    throw new TypeError(`The effect of a fault is one of ${Object.keys(EFFECTS).join(', ')}.`);
  }
  if ('delayMs' in effect) within('delayMs', effect.delayMs, 0, MAX_DELAY_MS);
  if ('lessRows' in effect) within('lessRows', effect.lessRows, 1, MAX_ROWS);
  if ('moved' in effect) within('moved', effect.moved, 1, MAX_ROWS);
  if ('status' in effect) within('status', effect.status ?? 302, 200, 599);
}

/**
 * Checks the name of an action; `*` is any.
 *
 * @throws TypeError
 */
export function checkAction(action: string, actions: readonly string[]): void {
  if (action === '*' || actions.includes(action)) return;
  throw new TypeError(`There is no action ${action}. Actions: *, ${actions.join(', ')}.`);
}

function within(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`${name} must be an integer from ${min} to ${max}.`);
}

/** The faults that are still to come. */
export class FaultScript {
  private faults: { fault: ApiFault; left: number }[] = [];

  constructor(private readonly random: SeededRandom) {}

  /** @throws TypeError when too many wait */
  add(fault: ApiFault): void {
    if (this.faults.length >= MAX_FAULTS) {
      throw new TypeError(`${MAX_FAULTS} faults wait already: take them back first.`);
    }
    this.faults.push({ fault, left: fault.count ?? (fault.rate ? Infinity : 1) });
  }

  clear(): void {
    this.faults = [];
  }

  /** The next fault for an action, used up by one. */
  take(action: string): ApiFault | undefined {
    const next = this.faults.find(
      ({ fault }) =>
        (fault.action === action || fault.action === '*') &&
        (fault.rate === undefined || this.random.next() < fault.rate),
    );
    if (!next) return undefined;
    next.left--;
    if (next.left <= 0) this.faults = this.faults.filter((one) => one !== next);
    return next.fault;
  }
}
