import { fieldsOf, readField, type DtoClass, type Field } from './field.decorators.js';

/**
 * Paths of the fields that came in another type than documented and were converted without loss, at any
 * depth.
 *
 * @param dto made of the source
 */
export function coercedFields(
  dto: object,
  source: object,
  path = '',
  found: string[] = [],
): string[] {
  for (const field of fieldsOf(dto.constructor as DtoClass)) {
    const made: unknown = dto[field.name as keyof object];
    if (made === undefined) continue;
    const value = readField(source, field);
    if (hasDrifted(field, value)) found.push(path + field.name);
    if (field.nested) inspectNested(made, value, path + field.name, found);
  }
  return found;
}

function inspectNested(made: unknown, value: unknown, place: string, found: string[]): void {
  if (!Array.isArray(made)) coercedFields(made as object, value as object, `${place}.`, found);
  else if (Array.isArray(value)) {
    made.forEach((item: object, at) =>
      coercedFields(item, value[at] as object, `${place}[${at}].`, found),
    );
  } else if (made.length > 0) {
    coercedFields(made[0] as object, value as object, `${place}[0].`, found);
  }
}

function hasDrifted({ wire, items }: Field, value: unknown): boolean {
  if (wire === undefined || value === undefined || value === null || value === '') return false;
  if (wire !== 'array') return typeof value !== wire;
  return (
    !Array.isArray(value) || (items !== undefined && value.some((item) => typeof item !== items))
  );
}
