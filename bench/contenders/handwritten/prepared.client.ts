import { createHash } from 'node:crypto';

import { Client, type ClientConfig } from 'pg';

/** Prepares every statement once per connection, which TypeORM does not do by itself. */
export class PreparedClient extends Client {
  constructor(config: ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const prepared = (text: unknown, values: unknown, ...rest: unknown[]) =>
      typeof text === 'string' && Array.isArray(values)
        ? query({ name: nameOf(text), text, values }, ...rest)
        : query(text, values, ...rest);
    this.query = prepared as typeof this.query;
  }
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('md5').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}
