/** What the reference application reads from its environment, and what it refuses by name. */
import { describe, expect, it } from 'vitest';

import { readEnvironment } from '../../src/app/environment.js';

describe('the environment', () => {
  it('without variables means demo mode on loopback, SQLite and Fastify', () => {
    expect(readEnvironment({})).toMatchObject({
      isDemo: true,
      host: '127.0.0.1',
      port: 3000,
      adapter: 'fastify',
      database: { type: 'better-sqlite3', database: 'data/live-callback.db' },
    });
  });

  it('binds keys to domains where they are written so', () => {
    expect(
      readEnvironment({ LIVE_CALLBACK_KEYS: 'one-key-123, a.example=two-key-123' }),
    ).toMatchObject({
      isDemo: false,
      host: '0.0.0.0',
      keys: ['one-key-123', { domain: 'a.example', key: 'two-key-123' }],
      adminToken: undefined,
    });
  });

  it('logs a line per event in demo mode, and elsewhere where it is asked for', () => {
    const keys = { LIVE_CALLBACK_KEYS: 'one-key-123' };
    expect(readEnvironment({}).logLevel).toBe('debug');
    expect(readEnvironment(keys).logLevel).toBe('log');
    expect(readEnvironment({ ...keys, LOG_LEVEL: 'debug' }).logLevel).toBe('debug');
  });

  it('has a token for each right of the audit API', () => {
    const env = {
      LIVE_CALLBACK_KEYS: 'one-key-123',
      LIVE_CALLBACK_READ_TOKEN: 'TokenOfThoseWhoRead',
      LIVE_CALLBACK_REVEAL_TOKEN: 'TokenOfThoseWhoReveal',
    };
    expect(readEnvironment(env)).toMatchObject({
      adminToken: undefined,
      readToken: 'TokenOfThoseWhoRead',
      revealToken: 'TokenOfThoseWhoReveal',
    });
  });

  it.each([
    [{ PORT: 'http' }, 'PORT must be an integer from 0 to 65535.'],
    [
      { LIVE_CALLBACK_EXPIRY_GRACE: '-1' },
      'LIVE_CALLBACK_EXPIRY_GRACE must be an integer from 0 to 3600.',
    ],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, log, debug, verbose.'],
    [{ HTTP_ADAPTER: 'koa' }, 'HTTP_ADAPTER must be fastify or express.'],
    [{ LIVE_CALLBACK_ROLE: 'sender' }, 'LIVE_CALLBACK_ROLE must be all, intake or worker.'],
    [
      { LIVE_CALLBACK_ROLE: 'intake' },
      'LIVE_CALLBACK_ROLE=intake receives callbacks, so it needs LIVE_CALLBACK_KEYS.',
    ],
    [
      { REDIS_URL: 'localhost:6379' },
      'REDIS_URL must begin with redis:// or rediss://, for example redis://user:password@localhost:6379/0.',
    ],
    [
      { DATABASE_URL: 'sqlite::memory:' },
      'DATABASE_URL=sqlite: needs the path of a file, for example sqlite:data/live-callback.db.',
    ],
  ])('refuses %j by name', (env, message) => {
    expect(() => readEnvironment(env)).toThrow(message);
  });

  it.each([
    ['sqlite:/var/lib/live.db', { type: 'better-sqlite3', database: '/var/lib/live.db' }],
    ['sqlite:///var/lib/live.db', { type: 'better-sqlite3', database: '/var/lib/live.db' }],
    ['postgresql://u@h/d', { type: 'postgres', url: 'postgresql://u@h/d' }],
    ['mysql://u@h/d', { type: 'mysql', url: 'mysql://u@h/d' }],
    ['mariadb://u@h/d', { type: 'mariadb', url: 'mariadb://u@h/d' }],
  ])('reads DATABASE_URL=%s', (url, database) => {
    expect(readEnvironment({ DATABASE_URL: url }).database).toMatchObject(database);
  });
});
