import type { DataSourceOptions } from 'typeorm';

import { LiveCallbackOptionsError } from './option.error.js';

/**
 * TypeORM options from a URL: `sqlite:PATH`, `postgres://…` or `mysql://…` (`mariadb://…` too).
 *
 * @throws LiveCallbackOptionsError that says what to write instead; never contains the URL, which may hold a password
 */
export function dataSourceOptionsOf(url: string): DataSourceOptions {
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'sqlite':
      return { type: 'better-sqlite3', database: sqlitePath(url), enableWAL: true };
    case 'postgres':
    case 'postgresql':
      return { type: 'postgres', url };
    case 'mysql':
      return { type: 'mysql', url };
    case 'mariadb':
      return { type: 'mariadb', url };
    default:
      throw new LiveCallbackOptionsError(
        'DATABASE_URL',
        'must begin with sqlite:, postgres://, mysql:// or mariadb://, for example sqlite:data/live-callback.db or postgres://user:password@localhost:5432/live.',
      );
  }
}

/** `sqlite:PATH`, and `sqlite:///PATH` as other tools write an absolute one. */
function sqlitePath(url: string): string {
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  if (path === '' || path === ':memory:') {
    throw new LiveCallbackOptionsError(
      'DATABASE_URL=sqlite:',
      'needs the path of a file, for example sqlite:data/live-callback.db.',
    );
  }
  return path;
}
