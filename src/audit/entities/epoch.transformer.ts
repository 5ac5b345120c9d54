import type { ValueTransformer } from 'typeorm';

/**
 * Times are kept as Unix milliseconds in a bigint: exact, and the same whatever time zone a host
 * gives to its connection, its session or its server.
 */
export const epoch: ValueTransformer = {
  to: (value: Date | number | null | undefined) =>
    value instanceof Date ? value.getTime() : value,
  from: (value: string | number | null) => (value === null ? null : new Date(Number(value))),
};
