import { EmulatorError } from './emulator.error.js';

/** A length of time or a number of things. */
export function positive(option: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new EmulatorError(`${option} must be an integer above 0, not ${value}.`);
}

/** A name that stands in a callback. */
export function named(option: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new EmulatorError(`${option} must be a text that is not empty.`);
}
