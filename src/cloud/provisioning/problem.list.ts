import { MASK, maskUrl } from '../api/mask.js';
import { lengthOf } from './template.limits.js';
import { ProvisioningStateError, type StateProblem } from './provisioning-state.error.js';

const SHOWN_LENGTH = 60;

/** Collects what is wrong with a declared state, so that all of it can be mended at once. */
export class ProblemList {
  private readonly problems: StateProblem[] = [];

  add(path: string, problem: string): void {
    this.problems.push({ path, problem });
  }

  /** A text; undefined, with a problem noted, when it is something else. */
  text(path: string, value: unknown, what: string): string | undefined {
    if (typeof value === 'string') return value;
    const hint =
      typeof value === 'number' || typeof value === 'boolean' ? ' Put it in quotes.' : '';
    this.add(path, `must be ${what}, not ${kindOf(value)}.${hint}`);
    return undefined;
  }

  /** An object without other names than the given ones; empty, with a problem noted, otherwise. */
  object(path: string, value: unknown, names?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.add(path, `must be a map of fields, not ${kindOf(value)}.`);
      return {};
    }
    for (const name of names ? Object.keys(value) : []) {
      if (!names?.includes(name)) {
        const at = path ? `${path}.${name}` : name;
        this.add(at, `is no field here. Fields: ${names?.join(', ')}.`);
      }
    }
    return value as Record<string, unknown>;
  }

  /** A list; empty, with a problem noted, when it is something else. */
  list(path: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    if (value !== undefined) this.add(path, `must be a list, not ${kindOf(value)}.`);
    return [];
  }

  /** @throws ProvisioningStateError */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new ProvisioningStateError(this.problems);
  }
}

/** A value, fit for an error. */
export function shown(text: string): string {
  const short = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return JSON.stringify(maskUrl(short));
}

/** A secret value, fit for an error. */
export function shownSecret(text: string): string {
  return `"${MASK}" (${lengthOf(text)} characters)`;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
