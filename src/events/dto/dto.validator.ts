import { validateSync, type ValidationError } from 'class-validator';

import { checkOf } from './dto.check.js';

const OPTIONS = { forbidUnknownValues: false, stopAtFirstError: true } as const;

/**
 * What of an instance does not fit its class-validator decorators; nothing when all does.
 *
 * class-validator looks up, groups and filters the metadata of a class for each instance. Here that
 * is done once per class, and the same validators are then called one after the other. Whatever this
 * short way cannot express, and every instance that it finds fault with, takes the long one.
 */
export function validateDto(instance: object): readonly ValidationError[] {
  return checkOf(instance)?.(instance) ? [] : validateSync(instance, OPTIONS);
}
