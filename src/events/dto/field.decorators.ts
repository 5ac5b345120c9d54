import 'reflect-metadata';

import { Expose, Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';

import { IsText } from './is-text.decorator.js';
import { JsonText } from '../payload/json-text.js';

/** A class that can be made without arguments, as every DTO can. */
export type DtoClass<T extends object = object> = new () => T;

/** What a field decorator may be told. */
export interface FieldOptions {
  /**
   * Says what the event is about, its stream or task: where it does not fit, the callback is quarantined.
   * Any other field that does not fit is left out. Default: false.
   */
  about?: boolean;
  /** May be absent. Default: all but what says what the event is about. */
  optional?: boolean;
  /** Other spellings that the sender uses for this field. */
  aliases?: readonly string[];
  /** The documented type on the wire. Default: the type of the property; for a nested object none. */
  wire?: WireType;
}

type WireType = 'string' | 'number' | 'boolean' | 'array';

/** One declared field of a DTO: how it is found in the payload and made into its type. */
export interface Field extends FieldOptions {
  readonly name: string;
  /** The documented type of the items of a list of values. */
  readonly items?: WireType;
  /** The DTO that it holds, one or a list of them. */
  readonly nested?: () => DtoClass;
  readonly coerce: (value: unknown) => unknown;
}

/** Longest text of a field, characters; the longest documented one has 5,000 bytes. */
const MAX_TEXT_LENGTH = 65_536;
/** Longest list of a field. */
const MAX_ITEMS = 4_096;

const FIELDS = 'nestjs-live-callback:fields';

const KNOWN = new WeakMap<DtoClass, readonly Field[]>();

/** The fields that a DTO class and its ancestors declare with the decorators of this file. */
export function fieldsOf(dto: DtoClass): readonly Field[] {
  let fields = KNOWN.get(dto);
  if (!fields) KNOWN.set(dto, (fields = declaredOn(dto)));
  return fields;
}

function declaredOn(dto: object): readonly Field[] {
  return (Reflect.getMetadata(FIELDS, dto) as Field[] | undefined) ?? [];
}

/** Finds the value of a field under its name or, where that says nothing, one of its aliases. */
export function readField(source: object, { name, aliases }: Field): unknown {
  const value = ownValue(source, name);
  if (aliases === undefined || (value !== undefined && value !== null)) return value;
  return aliases.map((alias) => ownValue(source, alias)).find((it) => it !== undefined) ?? value;
}

function ownValue(source: object, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name as keyof object] : undefined;
}

/**
 * One declaration serves three readers: our lean instantiation (the recorded field), validation
 * (the class-validator decorators), and a host's own `plainToInstance` (the class-transformer ones).
 */
function field(
  options: FieldOptions & Pick<Field, 'items' | 'nested'>,
  coerce: (value: unknown) => unknown,
  ...validators: PropertyDecorator[]
): PropertyDecorator {
  return (target, key) => {
    const declared: Field = { ...options, name: String(key), coerce };
    Reflect.defineMetadata(
      FIELDS,
      [...declaredOn(target.constructor), declared],
      target.constructor,
    );
    Expose()(target, key);
    Transform(({ obj }: { obj: object }) => coerce(readField(obj, declared)), {
      toClassOnly: true,
    })(target, key);
    if (options.optional ?? !options.about) IsOptional()(target, key);
    for (const validate of validators) validate(target, key);
  };
}

/** A text. Numbers become text; anything else does not fit. */
export function Text(options: FieldOptions = {}): PropertyDecorator {
  return field({ wire: 'string', ...options }, toText, IsText(MAX_TEXT_LENGTH));
}

/** An identifier: always a string, exact beyond 2^64. */
export function Id(options: FieldOptions = {}): PropertyDecorator {
  return Text(options);
}

/** An integer that a double holds. Strings of digits become numbers; the empty string counts as absent. */
export function Int(options: FieldOptions = {}): PropertyDecorator {
  return field({ wire: 'number', ...options }, toInteger, IsInt());
}

/** Any finite number, by the same rule. */
export function Float(options: FieldOptions = {}): PropertyDecorator {
  return field({ wire: 'number', ...options }, toNumber, IsNumber());
}

/** A flag that the sender writes as 0 or 1. */
export function Flag(options: FieldOptions = {}): PropertyDecorator {
  return field({ wire: 'boolean', ...options }, toFlag, IsBoolean());
}

/** A list of integers. A single one becomes a list; null and absent become the empty list. */
export function IntList(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { wire: 'array', items: 'number', ...options },
    (value) => toList(value).map(toInteger),
    IsArray(),
    ArrayMaxSize(MAX_ITEMS),
    IsInt({ each: true }),
  );
}

/** A list of finite numbers, by the same rule. */
export function FloatList(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { wire: 'array', items: 'number', ...options },
    (value) => toList(value).map(toNumber),
    IsArray(),
    ArrayMaxSize(MAX_ITEMS),
    IsNumber({}, { each: true }),
  );
}

/** A list of texts, by the same rule. */
export function TextList(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { wire: 'array', items: 'string', ...options },
    (value) => toList(value).map(toText),
    IsArray(),
    ArrayMaxSize(MAX_ITEMS),
    IsString({ each: true }),
  );
}

/** A list of nested objects. Null and absent become the empty list. */
export function NestedList(type: () => DtoClass, options: FieldOptions = {}): PropertyDecorator {
  const coerce = (value: unknown) => toList(value).map((item) => toNested(type(), item));
  return field(
    { wire: 'array', nested: type, ...options },
    coerce,
    IsArray(),
    ArrayMaxSize(MAX_ITEMS),
    IsObject({ each: true }),
    ValidateNested({ each: true }),
  );
}

/** A nested object. */
export function Nested(type: () => DtoClass, options: FieldOptions = {}): PropertyDecorator {
  const coerce = (value: unknown) => absentIfNull(value, (item) => toNested(type(), item));
  return field({ nested: type, ...options }, coerce, IsObject(), ValidateNested());
}

/** JSON inside a string: kept as text and parsed; text that does not parse is no error. */
export function JsonString(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { wire: 'string', ...options },
    (value) => absentIfNull(value, (text) => JsonText.from(text)),
    IsObject(),
  );
}

/** Makes a DTO of a plain object by its declared fields alone; other keys are not looked at. */
export function instantiate<T extends object>(dto: DtoClass<T>, source: object): T {
  const instance = new dto() as Record<string, unknown>;
  for (const declared of fieldsOf(dto)) {
    const value = declared.coerce(readField(source, declared));
    if (value !== undefined) instance[declared.name] = value;
  }
  return instance as T;
}

function absentIfNull(value: unknown, then: (value: unknown) => unknown): unknown {
  return value === null || value === undefined ? undefined : then(value);
}

function toText(value: unknown): unknown {
  if (value === null) return undefined;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
}

function toInteger(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value !== 'string' || !/^\s*-?\d+(\.0+)?\s*$/.test(value)) return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** With so few digits that a double gives the same ones back. */
const DECIMAL = /^(?=\D*(?:\d\D*){1,15}$)\s*-?\d+(\.\d+)?\s*$/;

function toNumber(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
}

function toFlag(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (value === 1 || value === '1' || value === 'true') return true;
  return value === 0 || value === '0' || value === 'false' ? false : value;
}

function toList(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function toNested(type: DtoClass, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? instantiate(type, value) : value;
}
