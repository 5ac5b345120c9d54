import { Column, PrimaryColumn, type ColumnOptions, type ValueTransformer } from 'typeorm';

/**
 * Times are kept as Unix milliseconds in a bigint: exact, and the same whatever time zone a host
 * gives to its connection, its session or its server.
 */
const epoch: ValueTransformer = {
  to: (value: Date | number | null | undefined) =>
    value instanceof Date ? value.getTime() : value,
  from: (value: string | number | null) => (value === null ? null : new Date(Number(value))),
};

/** Sixteen bytes, of which the module knows the text of a UUID; PostgreSQL has a type of its own for them. */
const uuidBytes: ValueTransformer = {
  to: (value: unknown) => (typeof value === 'string' ? toBytes(value) : value),
  from: (value: Buffer | string | null) => (Buffer.isBuffer(value) ? fromBytes(value) : value),
};

/** The bytes of a digest or an ordering key, as every driver takes them. */
export function toBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The text of bytes, which a driver may have read already. */
export function fromBytes(stored: Buffer | string): string {
  if (typeof stored === 'string') return stored;
  return stored.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** For columns that may be null. */
export const NULLABLE = { nullable: true };

/** A text of so many characters at most. */
export const TextColumn = (length: number, options?: ColumnOptions) =>
  column({ type: 'varchar', length, ...options });

/** A text that is part of the primary key. */
export const KeyColumn = (length: number): PropertyDecorator => {
  return (target, key) => PrimaryColumn(named(key, { type: 'varchar', length }))(target, key);
};

/** An integer of 32 bit. */
export const IntColumn = (options?: ColumnOptions) => column({ type: 'int', ...options });

/** An integer of up to 2^53, which drivers give as a text. */
export const LongColumn = () =>
  column({
    type: 'bigint',
    transformer: { to: (value: number) => value, from: (value: string | number) => Number(value) },
  });

/** A time. */
export const TimeColumn = (options?: ColumnOptions) =>
  column({ type: 'bigint', transformer: epoch, ...options });

/** A digest of 16 bytes, or an id in its place; as text it looks like a UUID. */
export const DigestColumn = () => column({ type: 'varchar', length: 36, transformer: uuidBytes });

/** A list of lines, as JSON. */
export const LinesColumn = () => column({ type: 'simple-json', nullable: true });

function column(options: ColumnOptions): PropertyDecorator {
  return (target, key) => Column(named(key, options))(target, key);
}

/** A column is named as its property, in snake case, whatever names the host gives to its own. */
function named<T extends ColumnOptions>(key: string | symbol, options: T): T & { name: string } {
  const name = String(key).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { ...options, name };
}
