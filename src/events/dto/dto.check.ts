import { getMetadataStorage } from 'class-validator';

import type { DtoClass } from './field.decorators.js';

/** Says whether a value is certainly valid; when not, class-validator itself says why. */
export type Check = (instance: object) => boolean;

interface Constraint {
  readonly async?: boolean;
  readonly instance: { validate(value: unknown, args: object): unknown };
}

/** `validateIf` is new in class-validator 0.15. */
type Metadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number] & { readonly validateIf?: unknown };

const CHECKS = new Map<DtoClass, Check | null>();

/** That of an instance's class; null where class-validator itself has to look. */
export function checkOf(instance: object): Check | null {
  const dto = instance.constructor as DtoClass;
  if (typeof dto !== 'function') return null;
  let check = CHECKS.get(dto);
  if (check === undefined) CHECKS.set(dto, (check = compile(dto)));
  return check;
}

/** What one decorator asks of a value. */
type Ask = (value: unknown, object: object) => boolean;

/** A property, asked about only where its conditions are met. */
interface Property {
  readonly name: string;
  readonly conditions: readonly Ask[];
  readonly asks: readonly Ask[];
}

/** @returns null for a class with decorators that the short way does not know */
function compile(dto: DtoClass): Check | null {
  const storage = getMetadataStorage();
  const all = storage.getTargetValidationMetadatas(dto, '', false, false);
  const properties: Property[] = [];
  for (const [name, metadata] of Object.entries(storage.groupByPropertyName(all))) {
    const conditions: Ask[] = [];
    const asks: Ask[] = [];
    for (const decorator of metadata as Metadata[]) {
      const { type, constraints, constraintCls, each, validateIf } = decorator;
      if (validateIf) return null;
      if (type === 'conditionalValidation') {
        const holds = constraints[0] as (object: object, value: unknown) => boolean;
        conditions.push((value, object) => holds(object, value));
      } else if (type === 'nestedValidation') {
        asks.push((value) => allOf(value, (item) => isValidNested(item)));
      } else if (type === 'customValidation') {
        for (const constraint of storage.getTargetValidatorConstraints(constraintCls)) {
          const { async, instance } = constraint as unknown as Constraint;
          if (async) return null;
          const ask = askOf(instance, { targetName: dto.name, property: name, constraints });
          asks.push(each ? (value, object) => everyOf(value, (item) => ask(item, object)) : ask);
        }
      } else {
        return null;
      }
    }
    properties.push({ name, conditions, asks });
  }
  return (instance) => {
    for (const property of properties) if (!isValid(property, instance)) return false;
    return true;
  };
}

function isValid({ name, conditions, asks }: Property, object: object): boolean {
  const value = object[name as keyof object] as unknown;
  return !areMet(conditions, value, object) || areMet(asks, value, object);
}

function areMet(asks: readonly Ask[], value: unknown, object: object): boolean {
  for (const ask of asks) if (!ask(value, object)) return false;
  return true;
}

/** The arguments are made once: a validator that has ended looks at them no more. */
function askOf(
  validator: Constraint['instance'],
  fixed: { targetName: string; property: string; constraints: unknown[] },
): Ask {
  const args = { ...fixed, object: {}, value: undefined as unknown };
  return (value, object) => {
    args.value = value;
    args.object = object;
    return validator.validate(value, args) === true;
  };
}

/** `each` validators see the items of an array; of anything else the long way decides. */
function everyOf(value: unknown, isMet: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isMet);
}

function allOf(value: unknown, isMet: (item: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.every(isMet) : isMet(value);
}

function isValidNested(item: unknown): boolean {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return false;
  return checkOf(item)?.(item) ?? false;
}
