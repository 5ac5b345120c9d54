/** The short way through the validators of a DTO, beside class-validator's own. */
import { Transform } from 'class-transformer';
import {
  IsOptional,
  IsString,
  Validate,
  ValidateIf,
  ValidateNested,
  validateSync,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it } from 'vitest';

import { validateDto } from '../../src/events/dto/dto.validator.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { instantiate } from '../../src/events/dto/field.decorators.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import { KEY } from '../support/application.js';
import { mutantOf } from '../mutations/mutate.js';

const OPTIONS = { forbidUnknownValues: false, stopAtFirstError: true };
const MUTANTS = 2_000;

/** Fails on a value that it is told to, asynchronously. */
@ValidatorConstraint({ name: 'later', async: true })
class Later implements ValidatorConstraintInterface {
  validate(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

@ValidatorConstraint({ name: 'throws' })
class Throws implements ValidatorConstraintInterface {
  validate(): boolean {
    throw new RangeError('out of range');
  }
}

class Inner {
  @IsString()
  name: unknown = 'inner';
}

class Outer {
  @IsString({ each: true })
  texts: unknown = ['a'];

  @ValidateNested({ each: true })
  inners: unknown = [new Inner()];

  @IsOptional()
  @IsString()
  note: unknown;

  @ValidateIf(({ note }: Outer) => note === 'strict')
  @IsString()
  strict: unknown;

  @Transform(({ value }) => value as unknown)
  undecorated: unknown;
}

class Async {
  @Validate(Later)
  value = 1;
}

class Thrower {
  @Validate(Throws)
  value = 1;
}

describe('validating a DTO', () => {
  it(`says what class-validator says of ${MUTANTS} mutants of the documented samples`, () => {
    const catalog = new EventCatalog();
    const verdicts = { fits: 0, doesNot: 0 };
    for (let index = 0; index < MUTANTS; index++) {
      const payload = parsePayload(mutantOf(1, index, KEY, 2_000_000_000).body).value;
      const definition = catalog.ofPayload(payload);
      if (!definition) continue;
      const data = instantiate(definition.dto, payload);
      const expected = validateSync(data, OPTIONS);
      expect(validateDto(data)).toEqual(expected);
      verdicts[expected.length === 0 ? 'fits' : 'doesNot']++;
    }
    expect(verdicts.fits).toBeGreaterThan(MUTANTS / 20);
    expect(verdicts.doesNot).toBeGreaterThan(MUTANTS / 20);
  });

  it.each([
    ['all in place', {}],
    ['an item that is no text', { texts: ['a', 1] }],
    ['a text in place of the list', { texts: 'a' }],
    ['a set', { texts: new Set(['a']) }],
    ['a nested instance that does not fit', { inners: [Object.assign(new Inner(), { name: 1 })] }],
    ['a nested plain object', { inners: [{ name: 1 }] }],
    ['a nested null', { inners: [null] }],
    ['a nested list', { inners: [[new Inner()]] }],
    ['no nested list', { inners: undefined }],
    ['an optional value that does not fit', { note: 5 }],
    ['a null for an optional value', { note: null }],
    ['a condition that asks for more', { note: 'strict' }],
    ['a condition that is met', { note: 'strict', strict: 'x' }],
  ])('says what class-validator says of %s', (_, change) => {
    const instance = Object.assign(new Outer(), change);
    expect(validateDto(instance)).toEqual(validateSync(instance, OPTIONS));
  });

  it('leaves validators that it does not know to class-validator', () => {
    expect(validateDto(new Async())).toEqual(validateSync(new Async(), OPTIONS));
    expect(() => validateDto(new Thrower())).toThrow('out of range');
  });

  it('finds no fault with what has no validators', () => {
    expect(validateDto({ anything: 1 })).toEqual([]);
  });
});
