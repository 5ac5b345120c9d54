import { isString, maxLength, ValidateBy, type ValidationArguments } from 'class-validator';

/**
 * A string of so many characters at most: `IsString` and `MaxLength` in one, since most fields of a callback
 * ask for both. Characters are counted only where the string is longer than they could make it.
 */
export function IsText(max: number): PropertyDecorator {
  return ValidateBy({
    name: 'isText',
    constraints: [max],
    validator: {
      validate: (value) => isString(value) && (value.length <= max || maxLength(value, max)),
      defaultMessage: (args) =>
        isString((args as ValidationArguments).value)
          ? '$property must be shorter than or equal to $constraint1 characters'
          : '$property must be a string',
    },
  });
}
