import { getMetadataStorage } from 'class-validator';

import { fieldsOf, type DtoClass, type Field } from '../events/dto/field.decorators.js';
import { schemaName, schemaRef, type Schema } from './openapi.document.js';

/** What one decorator of class-validator says of a property. */
interface Constraint {
  readonly name?: string;
  readonly type: string;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

/** Types that class-validator asks for, by the name of its decorator. */
const TYPES: Readonly<Record<string, string>> = {
  isText: 'string',
  isString: 'string',
  isInt: 'integer',
  isNumber: 'number',
  isBoolean: 'boolean',
  isArray: 'array',
  isObject: 'object',
};

/** Words of JSON Schema for decorators with an argument. */
const WORDS: Readonly<Record<string, string>> = {
  isText: 'maxLength',
  maxLength: 'maxLength',
  minLength: 'minLength',
  arrayMaxSize: 'maxItems',
  arrayMinSize: 'minItems',
  min: 'minimum',
  max: 'maximum',
  isIn: 'enum',
};

/** Makes schemas of DTO classes: what class-validator asks for, on the wire as the field decorators say. */
export class DtoSchemas {
  /** The schemas by their names. */
  readonly all: Record<string, Schema> = {};

  /** @returns a reference to the schema of a DTO and those nested in it */
  add(dto: DtoClass): Schema {
    if (!(schemaName(dto.name) in this.all)) {
      // Before its properties: a DTO may hold itself.
      this.all[schemaName(dto.name)] = {};
      this.all[schemaName(dto.name)] = this.schemaOf(dto);
    }
    return schemaRef(dto.name);
  }

  private schemaOf(dto: DtoClass): Schema {
    const storage = getMetadataStorage();
    const all = storage.getTargetValidationMetadatas(dto, '', false, false);
    const byName = Object.entries(storage.groupByPropertyName(all)) as [string, Constraint[]][];
    const fields = new Map(fieldsOf(dto).map((field) => [field.name, field]));
    const required = byName.filter(([, asked]) => !asked.some(isOptional)).map(([name]) => name);
    return {
      type: 'object',
      properties: Object.fromEntries(
        byName.map(([name, asked]) => [name, this.propertyOf(asked, fields.get(name))]),
      ),
      ...(required.length === 0 ? {} : { required }),
    };
  }

  private propertyOf(asked: readonly Constraint[], field: Field | undefined): Schema {
    const nested = field?.nested && this.add(field.nested());
    const own = schemaFor(asked.filter(({ each }) => !each));
    if (own['type'] !== 'array') return nested ?? onWire(own, field?.wire);
    const items = nested ?? onWire(schemaFor(asked.filter(({ each }) => each)), field?.items);
    // CSS writes null for an empty list.
    return { ...own, type: field ? ['array', 'null'] : 'array', items };
  }
}

function isOptional({ type, name }: Constraint): boolean {
  return type === 'conditionalValidation' && name === 'isOptional';
}

function schemaFor(asked: readonly Constraint[]): Schema {
  const schema: Record<string, unknown> = {};
  for (const { name = '', constraints } of asked) {
    const type = TYPES[name];
    const word = WORDS[name];
    if (type !== undefined) schema['type'] = type;
    if (word !== undefined) schema[word] = constraints?.[0];
  }
  return schema;
}

/** CSS writes many fields now as a number and now as a string; the documented type comes first. */
function onWire(schema: Schema, wire: Field['wire']): Schema {
  const { type, ...rest } = schema;
  if (wire === undefined || wire === type || typeof type !== 'string') return schema;
  if (type === 'object') return { type: wire, contentMediaType: 'application/json' };
  if (wire === 'number' && type === 'integer') return schema;
  return { type: [wire, type], ...rest };
}
