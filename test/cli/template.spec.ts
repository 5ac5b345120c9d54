/**
 * `live-callback template` against the emulated cloud API: plan, apply, drift, rotation, destruction,
 * and what it says when the way there is blocked.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { CloudApiServer } from '../../src/emulator/index.js';
import { scratchApi } from '../emulator/api-support.js';
import { KEY } from '../support/application.js';
import { cli, scratchFolder, URL_TOKEN, type CliOptions } from './cli-support.js';

const DECLARED = `
stack: shop
baseUrl: https://live.example.com/live-callback
urlToken: \${LIVE_CALLBACK_URL_TOKEN}
templates:
  main:
    key: \${THE_KEY}
    events: [stream-push, stream-interrupt]
    rules:
      - domain: push.example.com
`;
const ENV = { THE_KEY: KEY, LIVE_CALLBACK_URL_TOKEN: URL_TOKEN };

function stateFile(content = DECLARED): string {
  const path = join(scratchFolder(), 'callbacks.yaml');
  writeFileSync(path, content);
  return path;
}

/** Runs a command of `template` on an emulated account. */
function template(api: CloudApiServer, state: string, options: CliOptions = {}) {
  return (name: string, ...more: string[]) =>
    cli(['template', name, '--state', state, '--endpoint', api.url, ...more], {
      env: ENV,
      ...options,
    });
}

describe('template', () => {
  it('plans, applies, finds drift, and destroys, without a secret on the screen', async () => {
    const api = await scratchApi();
    const run = template(api, stateFile());
    const plan = await run('plan');
    expect(plan.stdout).toContain('CallbackKey: ***');
    expect(plan.stdout).toContain('/live-callback/stream-push?token=***');
    expect((await run('plan', '--json')).json()).toMatchObject({ steps: [{}, {}], blockers: [] });
    expect(api.templates.templates).toEqual([]);
    expect((await run('drift')).code).toBe(1);

    const applied = await run('apply');
    expect(applied.stdout).toContain('Applied: 2 changes.');
    expect(applied.stderr).toContain('+ rule push.example.com/live → template main');
    expect(api.templates.templates[0]?.fields.CallbackKey).toBe(KEY);
    expect((await run('apply')).stdout).toBe('Nothing to do.\n');
    const calm = await run('drift');
    expect([calm.code, calm.stdout]).toEqual([0, 'Account and state file agree.\n']);

    const id = api.templates.templates[0]?.id ?? 0;
    api.templates.modifyTemplate(id, { StreamEndNotifyUrl: 'https://elsewhere.example.com/' });
    const drifted = await run('drift');
    expect(drifted.code).toBe(1);
    expect(drifted.stdout).toContain('StreamEndNotifyUrl (changed in the account)');
    expect((await run('drift', '--json')).json()).toMatchObject({ isInSync: false });

    const mute = await run('destroy');
    expect([mute.code, mute.stderr]).toEqual([2, expect.stringContaining('Say --yes')]);
    const state = stateFile();
    const no = await template(api, state, { env: ENV, isTty: true, stdin: 'n\n' })('destroy');
    expect([no.code, no.stderr]).toEqual([1, expect.stringContaining('Nothing was deleted.')]);
    expect(api.templates.rules).toHaveLength(1);
    const yes = await template(api, state, { env: ENV, isTty: true, stdin: 'yes\n' })('destroy');
    expect([yes.code, yes.stdout]).toEqual([0, expect.stringContaining('2 deletions')]);
    expect(api.templates.templates).toEqual([]);
    expect((await run('destroy', '--yes')).stdout).toBe('Nothing to do.\n');
  });

  it('says what stands in the way, and takes it over when it is told to', async () => {
    const api = await scratchApi();
    const theirs = { TemplateName: 'theirs', StreamBeginNotifyUrl: 'https://theirs.example.com/' };
    api.templates.createRule('push.example.com', 'live', api.templates.createTemplate(theirs));
    const run = template(api, stateFile());
    const plan = await run('plan');
    expect([plan.code, plan.stdout]).toEqual([1, expect.stringContaining('! push.example.com')]);
    const refused = await run('apply');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Nothing was')]);
    expect((await run('apply', '--take-over')).code).toBe(0);
  });

  it('rotates a key that nobody sees, and one that is given', async () => {
    const api = await scratchApi();
    const state = stateFile(
      DECLARED.replace('key: ${THE_KEY}', '').replace(
        '\ntemplates',
        '\nkeyFile: keys.json\ntemplates',
      ),
    );
    const run = template(api, state, { env: { ...ENV, NEW_KEY: KEY } });
    await run('apply');
    const first = api.templates.templates[0]?.fields.CallbackKey ?? '';
    const rotated = await run('rotate-key', 'main', '--json');
    expect(rotated.json()).toMatchObject({ template: 'main', oldKeyUntil: expect.any(String) });
    const second = api.templates.templates[0]?.fields.CallbackKey ?? '';
    expect(second).not.toBe(first);
    expect(readFileSync(join(state, '../keys.json'), 'utf8')).toContain(second);
    const given = await run('rotate-key', 'main', '--new-key-env', 'NEW_KEY');
    expect(given.stdout).toContain('has a new key; the old one is accepted until');
    expect(api.templates.templates[0]?.fields.CallbackKey).toBe(KEY);
    for (const { stdout, stderr } of [rotated, given]) {
      for (const key of [first, second]) expect(stdout + stderr).not.toContain(key);
    }
    const unset = await run('rotate-key', 'main', '--new-key-env', 'NOT_SET');
    expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining('NOT_SET')]);
    const unknown = await run('rotate-key', 'other');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Templates: main')]);
  });

  it('surfaces errors of the cloud with code, RequestId and what to do', async () => {
    const api = await scratchApi();
    api.fail({
      action: 'DescribeLiveCallbackTemplates',
      effect: { error: 'UnauthorizedOperation' },
    });
    const { code, stderr } = await template(api, stateFile())('plan');
    expect(code).toBe(1);
    expect(stderr).toMatch(/failed \(UnauthorizedOperation, RequestId [0-9a-f-]{36}\)/);
  });

  it('says what is wrong with the state file before it calls', async () => {
    const api = await scratchApi();
    const broken = stateFile('stack: shop\n\tkey: KeyForDocs2026abcd\n');
    const bad = await template(api, broken)('apply');
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('line 2')]);
    const missing = await template(api, '/nowhere.yaml')('plan');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('(ENOENT)')]);
    const unset = await template(api, stateFile(), { env: {} })('plan');
    expect(unset.stderr).toContain('${THE_KEY}, which is not set');
    expect(api.requests).toEqual([]);
  });

  it('asks for the API key of the account, and never shows it', async () => {
    const state = stateFile();
    const none = await cli(['template', 'plan', '--state', state], { env: ENV });
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('TENCENTCLOUD_SECRET_ID'),
    ]);
    const account = {
      TENCENTCLOUD_SECRET_ID: 'AKIDTESTS0001',
      TENCENTCLOUD_SECRET_KEY: 'SecretKeyOfTheAccount with a blank',
    };
    const bad = await cli(['template', 'plan', '--state', state], { env: { ...ENV, ...account } });
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('credentials.secretKey')]);
  });
});
