import { parseFind, type CallbackFilter, type PageRequest } from '../../operations/audit-query.js';
import { UsageError } from '../cli.error.js';

const NAMES = ['kind', 'domain', 'path', 'stream', 'state', 'delivery', 'from', 'to'] as const;

/**
 * The filter and page among the options, checked as the audit API checks them.
 *
 * @throws UsageError
 */
export function checkedFilter(options: CallbackFilter & PageRequest): CallbackFilter & PageRequest {
  const texts = [...NAMES, 'cursor', 'limit'].flatMap((name) => {
    const value = options[name as keyof typeof options];
    if (value === undefined) return [];
    return [[name, value instanceof Date ? value.toISOString() : String(value)]];
  });
  try {
    return withoutUndefined(parseFind(Object.fromEntries(texts) as Record<string, unknown>));
  } catch (error) {
    throw new UsageError(`--${(error as Error).message}.`);
  }
}

/** Whether it lets everything through. */
export function isEmptyFilter(filter: CallbackFilter): boolean {
  return NAMES.every((name) => filter[name] === undefined);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}
