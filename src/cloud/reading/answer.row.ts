import { CloudAnswerError } from '../api/cloud-answer.error.js';
import { parseCloudTime } from './cloud-time.js';

/** Any object of an answer. */
export type Fields = Readonly<Record<string, unknown>>;

/** Part of an answer, from which fields are taken in their types. What is not there makes it unusable. */
export class AnswerRow {
  private constructor(
    private readonly action: string,
    readonly fields: Fields,
  ) {}

  /** @throws CloudAnswerError for anything but an object */
  static of(action: string, value: unknown): AnswerRow {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new AnswerRow(action, value as Fields);
    }
    throw new CloudAnswerError(action, 'has no object where one should be');
  }

  /** @throws CloudAnswerError */
  rows(name: string): AnswerRow[] {
    const value = this.fields[name];
    if (!Array.isArray(value)) throw this.lacks(name);
    return value.map((one) => AnswerRow.of(this.action, one));
  }

  /** A text that is not empty. @throws CloudAnswerError */
  text(name: string): string {
    const value = this.fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw this.lacks(name);
  }

  /** A text; null where there is none, or `-`. */
  optionalText(name: string): string | null {
    const value = this.fields[name];
    return typeof value === 'string' && value !== '' && value !== '-' ? value : null;
  }

  /** An integer from 0 on. @throws CloudAnswerError */
  count(name: string): number {
    const value = this.fields[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.lacks(name);
  }

  /** Unix milliseconds. @throws CloudAnswerError */
  time(name: string): number {
    const time = parseCloudTime(this.fields[name]);
    if (time === null) throw this.lacks(name);
    return time;
  }

  private lacks(name: string): CloudAnswerError {
    return new CloudAnswerError(this.action, `has no ${name} that can be read`);
  }
}
