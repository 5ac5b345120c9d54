import type { ValidationError } from 'class-validator';

import { fieldsOf, type DtoClass } from './field.decorators.js';

/** What keeps a callback from being understood: errors on the fields that say what it is about. */
export function errorsOnSubject(
  dto: DtoClass,
  errors: readonly ValidationError[],
): readonly ValidationError[] {
  const subject = fieldsOf(dto).filter(({ about }) => about);
  return errors.filter(({ property }) => subject.some(({ name }) => name === property));
}

/**
 * Leaves out of a DTO each field with an error, at any depth; a list with an item of another type as a
 * whole.
 *
 * @returns their paths, such as `abnormal_event[0].count`
 */
export function dropUnfit(
  dto: object,
  errors: readonly ValidationError[] = [],
  path = '',
): string[] {
  return errors.flatMap((error) => {
    const { property, children } = error;
    const place = path + property;
    const value: unknown = dto[property as keyof object];
    const isList = Array.isArray(value);
    if (isUnfit(error) || (isList && children?.some(isUnfit))) {
      delete dto[property as keyof object];
      return [place];
    }
    if (!isList) return dropUnfit(value as object, children, `${place}.`);
    return (children ?? []).flatMap((item) =>
      dropUnfit(
        value[Number(item.property)] as object,
        item.children,
        `${place}[${item.property}].`,
      ),
    );
  });
}

function isUnfit({ constraints }: ValidationError): boolean {
  return constraints !== undefined;
}

/** Why a DTO does not fit, a line per field, such as `items.0.url must be a string`. */
export function errorLines(error: ValidationError, path = ''): string[] {
  const place = path + error.property;
  const own = Object.values(error.constraints ?? {}).map((text) =>
    path === '' ? text : `${path}${text}`,
  );
  const nested = (error.children ?? []).flatMap((child) => errorLines(child, `${place}.`));
  return [...own, ...nested].map((line) => line.slice(0, 200));
}
