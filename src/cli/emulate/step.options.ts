import { UsageError } from '../cli.error.js';
import { durationOf } from '../option.parsers.js';
import type { Step } from './step.parser.js';

/** The options of one step, each read once; what nobody reads is an error. */
export class StepOptions {
  private readonly unread: Set<string>;

  constructor(private readonly step: Step) {
    this.unread = new Set(Object.keys(step.options));
  }

  text(name: string): string | undefined {
    const value = this.take(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.mustBe(name, 'a text');
  }

  /** @throws UsageError when it is left out */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new UsageError(`${this.step.verb} needs ${name}.`);
  }

  number(name: string): number | undefined {
    const value = this.take(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return value;
    if (value === 'Infinity') return Infinity;
    throw this.mustBe(name, 'a number');
  }

  /** In ms: a number of them, or a text such as `10s`. */
  duration(name: string): number | undefined {
    const value = this.take(name);
    if (value === undefined || value === null) return undefined;
    const ms =
      typeof value === 'number' ? value : typeof value === 'string' ? durationOf(value) : undefined;
    if (ms === undefined) throw this.mustBe(name, 'a duration such as 500ms, 10s, 5m or 2h');
    return ms;
  }

  flag(name: string): boolean | undefined {
    const value = this.take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.mustBe(name, 'true or false');
  }

  /** Whatever it is. */
  any(name: string): unknown {
    return this.take(name);
  }

  /** What is left: fields of the payload. */
  rest(): Record<string, unknown> {
    const names = [...this.unread];
    return Object.fromEntries(names.map((name) => [name, this.take(name)]));
  }

  /** @throws UsageError for a name that nobody has read */
  end(): void {
    const [name] = this.unread;
    if (name !== undefined) throw new UsageError(`${this.step.verb} has no option "${name}".`);
  }

  private take(name: string): unknown {
    this.unread.delete(name);
    return this.step.options[name];
  }

  private mustBe(name: string, what: string): UsageError {
    return new UsageError(`${name} of ${this.step.verb} must be ${what}.`);
  }
}
