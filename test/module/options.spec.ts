/**
 * Options: every one that cannot be used stops the start with a message that begins with its path,
 * says what to write instead and never holds a secret. What is permitted but unwise is logged.
 */
import { describe, expect, it } from 'vitest';

import { LiveCallbackModule, type LiveCallbackModuleOptions } from '../../src/index.js';
import { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';

const NO_START = 'Without a key nothing can be verified, so there is no start.';
const SHORT_SECRET = 'must be a string of at least 16 characters; leave it out to do without.';
const ALL_OPTIONS =
  'keys, urlToken, unsigned, expiryGraceSeconds, bodyLimit, pairQuotaBytes, keepStreamParam, runMigrations, spool, audit, retention, sessions, clock, path, name, role, isGlobal, decorators, kinds, dataSource, database';

/** Options as JavaScript code, or a configuration file, may give them. */
type Loose = Record<string, unknown>;
const loose = (options: Loose) => options as Partial<LiveCallbackModuleOptions>;

describe('a start is refused when', () => {
  it.each<[string, Loose, string]>([
    // keys
    [
      'keys are undefined',
      { keys: undefined },
      `keys must be a non-empty string, not undefined. ${NO_START}`,
    ],
    ['keys are null', { keys: null }, `keys must be a non-empty string, not null. ${NO_START}`],
    [
      'the key is empty',
      { keys: '' },
      `keys must be a non-empty string, not an empty string. ${NO_START}`,
    ],
    [
      'keys are a boolean',
      { keys: true },
      `keys must be a non-empty string, not a boolean. ${NO_START}`,
    ],
    ['the list of keys is empty', { keys: [] }, `keys is empty. ${NO_START}`],
    [
      'a key of the list is empty',
      { keys: [KEY, ''] },
      `keys[1] must be a non-empty string, not an empty string. ${NO_START}`,
    ],
    [
      'a key of the list is undefined',
      { keys: [undefined] },
      `keys[0] must be a non-empty string, not undefined. ${NO_START}`,
    ],
    [
      'a key of the list is a list',
      { keys: [[KEY]] },
      `keys[0].key must be a non-empty string, not undefined. ${NO_START}`,
    ],
    [
      'a bound key has no key',
      { keys: { domain: 'push.example.com' } },
      `keys.key must be a non-empty string, not undefined. ${NO_START}`,
    ],
    [
      'a key begins with a space',
      { keys: ` ${KEY}` },
      'keys begins or ends with white space; copy the key without it.',
    ],
    [
      'a key ends with a line break',
      { keys: [{ key: `${KEY}\n` }] },
      'keys[0].key begins or ends with white space; copy the key without it.',
    ],
    [
      'a key has 7 characters',
      { keys: 'Short07' },
      'keys has 7 characters; one observed callback is enough to guess so short a key. Set one of 16 to 32 letters and digits in the callback template.',
    ],
    [
      'a key is another plus digits',
      { keys: [KEY, `${KEY}9`] },
      'keys[1] is keys[0] plus digits; the signatures of two such keys can be confused. Choose another.',
    ],
    [
      'a key is a later one plus digits',
      { keys: [`${KEY}17`, { key: KEY }] },
      'keys[0] is keys[1] plus digits; the signatures of two such keys can be confused. Choose another.',
    ],
    [
      'the domain of a key is empty',
      { keys: { key: KEY, domain: '' } },
      'keys.domain must be a non-empty string, not an empty string.',
    ],
    [
      'the domain of a key is a list',
      { keys: [{ key: KEY, domain: ['a'] }] },
      'keys[0].domain must be a non-empty string, not a list.',
    ],
    [
      'the account of a key is a number',
      { keys: { key: KEY, appId: 12345678 } },
      'keys.appId must be a non-empty string, not 12345678.',
    ],
    // the others
    ['urlToken is short', { urlToken: 'short' }, `urlToken ${SHORT_SECRET}`],
    ['urlToken is empty', { urlToken: '' }, `urlToken ${SHORT_SECRET}`],
    ['urlToken is null', { urlToken: null }, `urlToken ${SHORT_SECRET}`],
    [
      'expiryGraceSeconds is negative',
      { expiryGraceSeconds: -1 },
      'expiryGraceSeconds must be an integer from 0 to 3600, not -1.',
    ],
    [
      'expiryGraceSeconds is too long',
      { expiryGraceSeconds: 3601 },
      'expiryGraceSeconds must be an integer from 0 to 3600, not 3601.',
    ],
    [
      'expiryGraceSeconds is a fraction',
      { expiryGraceSeconds: 0.5 },
      'expiryGraceSeconds must be an integer from 0 to 3600, not 0.5.',
    ],
    [
      'expiryGraceSeconds is NaN',
      { expiryGraceSeconds: NaN },
      'expiryGraceSeconds must be an integer from 0 to 3600, not NaN.',
    ],
    [
      'expiryGraceSeconds is text',
      { expiryGraceSeconds: '60' },
      'expiryGraceSeconds must be an integer from 0 to 3600, not a string.',
    ],
    [
      'bodyLimit is less than 64 KB',
      { bodyLimit: 65_535 },
      'bodyLimit must be an integer from 65536 to 8388608, not 65535.',
    ],
    [
      'bodyLimit is text',
      { bodyLimit: '256kb' },
      'bodyLimit must be an integer from 65536 to 8388608, not a string.',
    ],
    [
      'bodyLimit is endless',
      { bodyLimit: Infinity },
      'bodyLimit must be an integer from 65536 to 8388608, not Infinity.',
    ],
    [
      'runMigrations is text',
      { runMigrations: 'no' },
      'runMigrations must be true or false, not a string.',
    ],
    ['clock is a number', { clock: 5 }, 'clock must be a function, not 5.'],
    [
      'audit has neither token nor guards',
      { audit: {} },
      'audit opens the audit API, so it needs a token or guards: audit: { token: process.env.AUDIT_TOKEN } or audit: { guards: [AdminGuard] }.',
    ],
    [
      'the token of the audit API is undefined',
      { audit: { token: undefined } },
      'audit opens the audit API, so it needs a token or guards: audit: { token: process.env.AUDIT_TOKEN } or audit: { guards: [AdminGuard] }.',
    ],
    [
      'the token of the audit API is short',
      { audit: { token: 'short' } },
      `audit.token ${SHORT_SECRET}`,
    ],
    [
      'two tokens of the audit API are one',
      { audit: { token: 'AuditTokenOfManyCharacters', revealToken: 'AuditTokenOfManyCharacters' } },
      'audit.revealToken is the same secret as another token of the audit API: each right needs its own.',
    ],
    [
      'the audit API has a strange option',
      { audit: { tokens: { read: 'x' } } },
      'audit.tokens is no option of the audit API. Options: token, readToken, revealToken, authorize, guards, decorators.',
    ],
    [
      'the authorization of the audit API is no function',
      { audit: { authorize: 'admin' } },
      'audit.authorize must be a function of a request and a right, "read", "act" or "reveal": (request, right) => request.user?.roles.includes(right).',
    ],
    [
      'the token of the audit API is empty',
      { audit: { token: '' } },
      `audit.token ${SHORT_SECRET}`,
    ],
    [
      'an option is misspelt',
      { expiryGrace: 5 },
      `expiryGrace is no option of LiveCallbackModule. Options: ${ALL_OPTIONS}.`,
    ],
  ])('%s', async (_case, options, message) => {
    const error = await errorOfStart(scratchHost({ options: loose(options) }));
    expect(error).toMatchObject({ name: 'LiveCallbackOptionsError', message });
  });
});

describe('forRoot throws at once when', () => {
  const SEGMENTS = 'path must be one or more plain segments such as "live-callback", not';
  const DATABASE =
    'database must be TypeORM DataSourceOptions such as { type: "better-sqlite3", database: "data/live-callback.db" }.';
  it.each<[string, Loose, string]>([
    [
      'the name could not be told apart in a row or a job',
      { name: 'tenant a' },
      'name must be 1 to 48 letters, digits and ". _ -" such as "tenant-a", not a string.',
    ],
    ['the path is empty', { path: '' }, `${SEGMENTS} an empty string.`],
    ['the path is a slash', { path: '/' }, `${SEGMENTS} a string.`],
    ['the path has a parameter', { path: 'hooks/:tenant' }, `${SEGMENTS} a string.`],
    ['the path has a wildcard', { path: 'hooks/*' }, `${SEGMENTS} a string.`],
    ['the path has an empty segment', { path: 'a//b' }, `${SEGMENTS} a string.`],
    ['the path has a query', { path: 'a?b' }, `${SEGMENTS} a string.`],
    ['the path has a space', { path: 'a b' }, `${SEGMENTS} a string.`],
    ['the path is a number', { path: 5 }, `${SEGMENTS} 5.`],
    ['the path is null', { path: null }, `${SEGMENTS} null.`],
    ['the path is a list', { path: ['a'] }, `${SEGMENTS} a list.`],
    [
      'decorators are no list',
      { decorators: () => {} },
      'decorators must be a list of class decorators, called where they are factories: [Public()].',
    ],
    [
      'a decorator is none',
      { decorators: [undefined] },
      'decorators must be a list of class decorators, called where they are factories: [Public()].',
    ],
    [
      'the name of the DataSource is empty',
      { dataSource: '' },
      'dataSource must be the name of a DataSource, not an empty string.',
    ],
    [
      'the DataSource is an object',
      { dataSource: {} },
      'dataSource must be the name of a DataSource, not a object.',
    ],
    ['the database is text', { database: 'sqlite:x.db' }, DATABASE],
    ['the database is null', { database: null }, DATABASE],
    [
      'the database is of a type that callbacks cannot be kept in',
      { database: { type: 'mssql', host: 'localhost' } },
      'database.type must be one of better-sqlite3, postgres, mysql, mariadb, not "mssql".',
    ],
    [
      'the database has another driver of SQLite',
      { database: { type: 'sqlite', database: 'x.db' } },
      'database.type must be one of better-sqlite3, postgres, mysql, mariadb, not "sqlite".',
    ],
    ['the database has no type', { database: { database: 'x.db' } }, DATABASE],
    [
      'guards are no list',
      { audit: { guards: 'AdminGuard' } },
      'audit.guards must be a list of guard classes.',
    ],
    [
      'a guard is none',
      { audit: { guards: [undefined] } },
      'audit.guards must be a list of guard classes.',
    ],
  ])('%s', (_case, options, message) => {
    const register = () => LiveCallbackModule.forRoot({ keys: KEY, ...options });
    expect(register).toThrow(
      expect.objectContaining({ name: 'LiveCallbackOptionsError', message }),
    );
  });
});

describe('no message holds a secret when', () => {
  it.each<[string, Loose, string]>([
    ['a key is too short', { keys: 'Sc7rt!x' }, 'Sc7rt!x'],
    ['a key has white space', { keys: 'SecretSecretSecret ' }, 'SecretSecretSecret'],
    ['a key is a number', { keys: 84_620_957 }, '84620957'],
    ['a key of the list is a number', { keys: [{ key: 84_620_957 }] }, '84620957'],
    [
      'a key is another plus digits',
      { keys: ['SecretSecretSecret', 'SecretSecretSecret4'] },
      'Secret',
    ],
    ['urlToken is too short', { urlToken: 'Sc7rt!x' }, 'Sc7rt!x'],
    ['urlToken is a number', { urlToken: 84_620_957 }, '84620957'],
    ['the token of the audit API is a number', { audit: { token: 84_620_957 } }, '84620957'],
  ])('%s', async (_case, options, secret) => {
    const logger = new LogLines();
    const starting = scratchHost({ options: loose(options), application: { logger } });
    const { name, message, stack } = await errorOfStart(starting);
    expect(name).toBe('LiveCallbackOptionsError');
    expect(`${message}\n${stack}\n${logger.text}`).not.toContain(secret);
  });
});

describe('a weak key', () => {
  it('of 8 to 15 characters works, with a warning that does not name it', async () => {
    const logger = new LogLines();
    const keys = ['Weak-key', KEY, { key: 'Weak-key-of-15c', domain: 'push.example.com' }];
    const host = await scratchHost({ options: { keys }, application: { logger } });
    expect(logger.of('warn').filter((line) => line.startsWith('keys'))).toEqual([
      'keys[0] has 8 characters; 16 or more resist guessing.',
      'keys[2] has 15 characters; 16 or more resist guessing.',
    ]);
    expect(logger.text).not.toContain('Weak-key');
    const signed = signCallback(streamPushCallback(), { key: 'Weak-key' });
    expect((await host.send(signed)).status).toBe(200);
  });

  it('of 16 characters is not weak', async () => {
    const logger = new LogLines();
    await scratchHost({ options: { keys: 'Sixteen-chars-ok' }, application: { logger } });
    expect(logger.of('warn').filter((line) => line.startsWith('keys'))).toEqual([]);
  });
});

describe('the resolved config', () => {
  it('is frozen with all that it holds, and has the documented defaults', async () => {
    const { app } = await scratchHost({
      options: { keys: [KEY, { key: 'Another-key-of-17', domain: 'PUSH.Example.com' }] },
    });
    const config = app.get<LiveCallbackConfig>(LiveCallbackConfig, { strict: false });
    expect(config).toMatchObject({
      keys: [{ key: KEY }, { key: 'Another-key-of-17', domain: 'push.example.com' }],
      urlToken: null,
      expiryGraceSeconds: 0,
      bodyLimit: 262_144,
      runMigrations: true,
      audit: { tokens: [], authorize: null },
      clock: Date.now,
    });
    const parts = [config, config.keys, ...(config.keys as object[]), config.warnings];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('does not change when the host changes its own object afterwards', async () => {
    const bound = { key: KEY };
    const keys = [bound];
    const host = await scratchHost({ options: { keys } });
    bound.key = 'Changed-key-of-17';
    keys.pop();
    const signed = signCallback(streamPushCallback(), { key: KEY });
    expect((await host.send(signed)).status).toBe(200);
  });
});
