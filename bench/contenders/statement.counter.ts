import { Client } from 'pg';

import { counted } from './child.js';

/** Counts what this process sends to PostgreSQL: refused requests must not cost a statement. */
export function countStatements(): void {
  const prototype = Client.prototype as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (...args) {
    counted.statements++;
    return query.apply(this, args);
  };
}
