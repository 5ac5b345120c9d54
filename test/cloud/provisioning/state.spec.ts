/**
 * The declared state: every violation of a limit names the field, the limit and the value, secrets
 * masked, before anything is called; and the file that it may be read from.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  LiveCallbackProvisioner,
  loadState,
  ProvisioningStateError,
  type CloudApi,
  type ProvisioningState,
} from '../../../src/cloud/index.js';
import { errorOf, KEY, scratchFolder, STATE, stateWith } from './provisioning-support.js';

/** Nothing may be called. */
const api: CloudApi = {
  call: () => {
    throw new Error('The network was touched');
  },
};

function problemsOf(state: unknown): string {
  try {
    const made = new LiveCallbackProvisioner({ state: state as ProvisioningState, api });
    expect(made).toBeDefined();
  } catch (error) {
    if (error instanceof ProvisioningStateError) return error.message;
    throw error;
  }
  return '';
}

const main = (change: object) => stateWith('main', change);

describe('a declared state is refused for', () => {
  it.each<[string, unknown, string]>([
    ['nothing at all', undefined, 'The state must be a map of fields, not nothing.'],
    ['a list', [], 'The state must be a map of fields, not a list.'],
    [
      'no stack',
      { ...STATE, stack: undefined },
      'stack must be the name of this deployment, not nothing.',
    ],
    [
      'an empty key file',
      { ...STATE, keyFile: '' },
      'keyFile must be the path of a file, not empty.',
    ],
    ['a key file that is none', { ...STATE, keyFile: 7 }, 'keyFile must be a path, not a number.'],
    [
      'a stack with capitals',
      { ...STATE, stack: 'Shop' },
      'stack must be called by 1 to 20 lower-case letters, digits and single hyphens, not "Shop".',
    ],
    [
      'a field with a typing error',
      { ...STATE, baseURL: 'x' },
      'baseURL is no field here. Fields: stack, baseUrl, urlToken, keyFile, templates.',
    ],
    [
      'a base URL without scheme',
      { ...STATE, baseUrl: 'live.example.com' },
      'baseUrl must be an absolute http or https URL, not "live.example.com".',
    ],
    [
      'a base URL with a token',
      { ...STATE, baseUrl: 'https://a.example.com/x?token=secret-secret' },
      'baseUrl may have no query, because the kind is added to it: give the token as "urlToken". It is "https://a.example.com/x?token=***".',
    ],
    [
      'a short URL token',
      { ...STATE, urlToken: 'secret' },
      'urlToken must be 16 or more letters, digits and . _ ~ -, not "***" (6 characters).',
    ],
    [
      'templates that are none',
      { ...STATE, templates: 3 },
      'templates must be a map of fields, not a number.',
    ],
    [
      'a template id that is too long',
      { ...STATE, templates: { ['x'.repeat(21)]: STATE.templates['main'] } },
      `templates.${'x'.repeat(21)} must be called by 1 to 20`,
    ],
    [
      'a template that is none',
      { ...STATE, templates: { main: null } },
      'templates.main must be a map of fields, not nothing.',
    ],
    [
      'an unknown field of a template',
      main({ nmae: 'x' }),
      'templates.main.nmae is no field here. Fields: name, description, key,',
    ],
    [
      'a name that is too long',
      main({ name: '直'.repeat(31) }),
      `templates.main.name has 31 characters, the limit is 30: "${'直'.repeat(31)}".`,
    ],
    [
      'a name made of ids that is too long',
      {
        ...STATE,
        stack: 's'.repeat(20),
        templates: { 'a-rather-long-id': STATE.templates['main'] },
      },
      'templates.a-rather-long-id.name has 37 characters, the limit is 30:',
    ],
    [
      'a name with a space',
      main({ name: 'my template' }),
      'templates.main.name may hold Chinese characters, letters, digits, "_" and "-" only, 1 to 30, not "my template".',
    ],
    ['an empty name', main({ name: '' }), 'templates.main.name may hold'],
    [
      'a name that is a number',
      main({ name: 7 }),
      'templates.main.name must be a text, not a number. Put it in quotes.',
    ],
    [
      'a description with spaces',
      main({ description: 'two words' }),
      'templates.main.description may hold Chinese characters, letters, digits, "_" and "-" only, no spaces, not "two words".',
    ],
    [
      'a description that leaves no room for the mark',
      main({ description: 'd'.repeat(80) }),
      'templates.main.description has 80 characters; beside the mark "mgd_shop_main_',
    ],
    [
      'a key that is too long',
      main({ key: 'k'.repeat(33) }),
      'templates.main.key must be 8 to 32 letters and digits, not "***" (33 characters).',
    ],
    [
      'a key that is too short for the module',
      main({ key: 'Abc123' }),
      'templates.main.key must be 8 to 32 letters and digits, not "***" (6 characters).',
    ],
    [
      'a key with a hyphen',
      main({ key: 'secret-secret' }),
      'templates.main.key must be 8 to 32 letters and digits, not "***" (13 characters).',
    ],
    [
      'a key that is a number',
      main({ key: 12345678 }),
      'templates.main.key must be the callback key, not a number. Put it in quotes.',
    ],
    [
      'no key',
      main({ key: undefined }),
      'templates.main.key is missing: give the callback key, such as ${LIVE_CALLBACK_KEY}',
    ],
    [
      'an unknown kind',
      main({ events: ['stream-pull'] }),
      'templates.main.events[0] "stream-pull" has no URL in a callback template. Kinds: stream-push, stream-interrupt, record-file,',
    ],
    [
      'a kind of which a template knows nothing',
      main({ events: ['relay'] }),
      'templates.main.events[0] "relay" has no URL in a callback template.',
    ],
    [
      'the same kind twice',
      main({ events: ['stream-push', 'stream-push'] }),
      'templates.main.events[1] has a URL already: one per event.',
    ],
    [
      'events that are no list',
      main({ events: 'stream-push' }),
      'templates.main.events must be a list, not a string.',
    ],
    [
      'events without a base URL',
      { ...STATE, baseUrl: undefined },
      'baseUrl is needed by templates.main.events[0].',
    ],
    [
      'no URL',
      main({ events: undefined }),
      'templates.main has no URL: name at least one kind in "events", or a URL in "urls".',
    ],
    [
      'an empty list of events',
      main({ events: [] }),
      'templates.main has no usable URL: at least one is needed.',
    ],
    [
      'a URL of another scheme',
      main({ urls: { screenshot: 'ftp://u:p@a.example.com/x' } }),
      'templates.main.urls.screenshot must be an absolute http or https URL, not "ftp://***@a.example.com/x".',
    ],
    [
      'a URL for a kind that has one',
      main({ urls: { 'stream-push': 'https://a.example.com' } }),
      'templates.main.urls.stream-push has a URL already: one per event.',
    ],
    [
      'an unknown level',
      stateWith('audit', { recordExceptionLevels: ['alarm'] }),
      'templates.audit.recordExceptionLevels[0] must be one of error, warning, info, not "alarm".',
    ],
    [
      'levels without their event',
      main({ recordExceptionLevels: ['error'] }),
      'templates.main.recordExceptionLevels needs the event record-exception.',
    ],
    [
      'a domain that is a URL',
      main({ rules: [{ domain: 'rtmp://push.example.com' }] }),
      'templates.main.rules[0].domain must be a host name such as push.example.com, not "rtmp://push.example.com".',
    ],
    [
      'no domain',
      main({ rules: [{ appName: 'live' }] }),
      'templates.main.rules[0].domain must be a push domain, not nothing.',
    ],
    [
      'an empty AppName',
      main({ rules: [{ domain: 'a.example.com', appName: '' }] }),
      'templates.main.rules[0].appName must be the AppName of the push URL, 1 to 255 characters without "/", not "".',
    ],
    [
      'an AppName with a slash',
      main({ rules: [{ domain: 'a.example.com', appName: 'a/b' }] }),
      'templates.main.rules[0].appName must be the AppName of the push URL',
    ],
    [
      'a rule that is a text',
      main({ rules: ['a.example.com'] }),
      'templates.main.rules[0] must be a map of fields, not a string.',
    ],
    [
      'the same rule twice',
      stateWith('audit', { rules: [{ domain: 'PUSH.example.com', appName: 'live' }] }),
      'templates.audit.rules[0] binds push.example.com/live, as templates.main.rules[0] does.',
    ],
    [
      'more templates than an account may have',
      {
        ...STATE,
        templates: Object.fromEntries(
          Array.from({ length: 51 }, (_, at) => [`t${at}`, { key: KEY, events: ['stream-push'] }]),
        ),
      },
      'templates has 51 templates; an account may have 50.',
    ],
  ])('%s', (_name, state, problem) => {
    const problems = problemsOf(state);
    expect(problems).toContain(problem);
    expect(problems).not.toMatch(/secret-secret|KeyForDocs|kkkkk|12345678/);
  });

  it('everything that is wrong with it at once', () => {
    const problems = problemsOf({
      ...STATE,
      stack: '',
      templates: { main: { key: 'x', events: ['y'], rules: [{}] } },
    });
    expect(problems.split('\n')).toHaveLength(5);
  });
});

describe('a declared state is taken', () => {
  it('with the longest name, description and key that the console takes', () => {
    const state = main({ name: '直'.repeat(30), key: 'k'.repeat(32), description: 'd'.repeat(73) });
    expect(problemsOf(state)).toBe('');
    expect(problemsOf(main({ description: 'd'.repeat(74) }))).toContain(
      'there is room for 73 of 100',
    );
  });
});

describe('a state file', () => {
  const write = (text: string, name = 'callbacks.yaml') => {
    const path = join(scratchFolder(), name);
    writeFileSync(path, text);
    return path;
  };
  const YAML = `
stack: shop
baseUrl: https://\${HOST}/live-callback
urlToken: \${URL_TOKEN}
keyFile: keys.json
templates:
  main:
    key: \${LIVE_CALLBACK_KEY}
    events: [stream-push]
    rules:
      - domain: push.example.com
`;
  const ENV = { HOST: 'live.example.com', URL_TOKEN: 'a-secret-url-token', LIVE_CALLBACK_KEY: KEY };

  it('is read, with variables of the environment in it', async () => {
    const path = write(YAML);
    expect(await loadState(path, ENV)).toEqual({
      stack: 'shop',
      baseUrl: 'https://live.example.com/live-callback',
      urlToken: 'a-secret-url-token',
      keyFile: join(path, '..', 'keys.json'),
      templates: {
        main: { key: KEY, events: ['stream-push'], rules: [{ domain: 'push.example.com' }] },
      },
    });
  });

  it('may be JSON', async () => {
    const path = write(JSON.stringify(STATE), 'callbacks.json');
    expect(await loadState(path)).toEqual(STATE);
  });

  it.each<[string, string, string]>([
    [
      'a variable that is not set',
      YAML.replace('LIVE_CALLBACK_KEY', 'NOT_SET'),
      'templates.main.key refers to ${NOT_SET}, which is not set in the environment.',
    ],
    [
      'broken YAML',
      `stack: shop\ntemplates:\n  main: {key: "${KEY}\n`,
      'line 4, column 1 is no YAML:',
    ],
    ['a field twice', `stack: a\nstack: b\n`, 'line 2, column 1 is no YAML: duplicate key.'],
    ['an alias to nothing', 'stack: *nothing\n', 'uses aliases that cannot be resolved'],
  ])('is refused for %s', async (_name, text, problem) => {
    const path = write(text);
    const error = await errorOf(loadState(path, ENV));
    expect(error).toBeInstanceOf(ProvisioningStateError);
    expect(error.message).toContain(`${path}: `);
    expect(error.message).toContain(problem);
    expect(error.message).not.toContain(KEY);
  });

  it('is refused when it is not there, or empty', async () => {
    const folder = scratchFolder();
    const missing = await errorOf(loadState(join(folder, 'none.yaml')));
    expect(missing.message).toBe(
      `${join(folder, 'none.yaml')}: cannot be read (ENOENT). Give the path of a state file.`,
    );
    expect((await errorOf(loadState(folder))).message).toContain('(EISDIR)');
    expect(problemsOf(await loadState(write('')))).toBe(
      'The state must be a map of fields, not nothing.',
    );
  });
});
