/**
 * What stands in docs/emulator.md and docs/provisioning.md: the first program of each runs as it is
 * written, files and requests that are shown are taken, and the tables name what exists.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  CssEmulator,
  FAULT_NAMES,
  fixedTarget,
  RETRY_PROFILES,
  retryRuleOf,
  type RetryProfile,
} from '../../src/emulator/index.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import {
  acceptedKeys,
  formatPlan,
  KeyRingFile,
  LiveCallbackProvisioner,
  loadState,
  type ProvisioningState,
} from '../../src/cloud/index.js';
import { scratchApi } from '../emulator/api-support.js';
import {
  cloudOf,
  provisionerOf,
  scratchFolder,
} from '../cloud/provisioning/provisioning-support.js';
import { KEY } from '../support/application.js';
import { startReceiver } from '../support/callback-receiver.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EMULATOR = readFileSync(join(ROOT, 'docs/emulator.md'), 'utf8');
const PROVISIONING = readFileSync(join(ROOT, 'docs/provisioning.md'), 'utf8');

/** What the state files of the documents refer to. */
const ENVIRONMENT = {
  LIVE_CALLBACK_KEY: KEY,
  AUDIT_CALLBACK_KEY: `${KEY}x`,
  LIVE_CALLBACK_URL_TOKEN: 'token-of-the-callback-url',
};

const blocksOf = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  );

/** Cells of the table between two comments, without its head. */
function tableOf(text: string, name: string): string[][] {
  const [, table = ''] =
    new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(text) ?? [];
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Runs a program of the documents; imports of the package are those of the sources. */
async function runProgram(code: string, change: (code: string) => string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'program.ts');
  const source = join(ROOT, 'src');
  writeFileSync(
    path,
    change(code).replaceAll(/'nestjs-live-callback\/(\w+)'/g, `'${source}/$1/index.ts'`),
  );
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  await import(path);
  return log.mock.calls.map((values) => values.join(' '));
}

function setEnvironment(values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

describe('docs/emulator.md', () => {
  it('begins with a program that sends two callbacks', async () => {
    const receiver = await startReceiver();
    setEnvironment({ LIVE_CALLBACK_KEY: KEY });
    const [program = ''] = blocksOf(EMULATOR, 'ts');
    const lines = await runProgram(program, (code) =>
      code.replace('http://127.0.0.1:3000', receiver.url),
    );
    expect(lines).toEqual(['stream-push 200 is over', 'stream-interrupt 200 is over']);
    expect(receiver.requests.map(({ url }) => url)).toEqual([
      '/live-callback/stream-push',
      '/live-callback/stream-interrupt',
    ]);
  });

  it('has a program in which a declared state decides where callbacks go', async () => {
    const receiver = await startReceiver();
    const [yaml = ''] = blocksOf(PROVISIONING, 'yaml');
    const path = join(scratchFolder(), 'callbacks.yaml');
    writeFileSync(path, yaml.replace('https://live.example.com', receiver.url));
    setEnvironment(ENVIRONMENT);
    const program = blocksOf(EMULATOR, 'ts').find((code) => code.includes('CloudApiServer')) ?? '';
    const lines = await runProgram(program, (code) => code.replace('callbacks.yaml', path));
    expect(lines).toEqual([`${receiver.url}/live-callback/stream-push?*** 200`]);
    expect(receiver.requests.map(({ url }) => url)).toEqual([
      `/live-callback/stream-push?token=${ENVIRONMENT.LIVE_CALLBACK_URL_TOKEN}`,
    ]);
  });

  it('lists the retry profiles as they are', () => {
    const shown = ({ success, ...profile }: RetryProfile) => {
      const rules = ['screenshot', 'subtitles', 'stream-push'].map((kind) => {
        const { retries, intervalMs } = retryRuleOf({ success, ...profile }, kind);
        return `${retries} × ${intervalMs / 1000} s`;
      });
      return [...rules, success === 'status' ? 'status 200' : '`{"code":0}` as the body'];
    };
    expect(tableOf(EMULATOR, 'profiles')).toEqual(
      Object.entries(RETRY_PROFILES).map(([name, profile]) => [`\`${name}\``, ...shown(profile)]),
    );
  });

  it('lists every fault', () => {
    const names = tableOf(EMULATOR, 'faults').map(([name]) => name);
    expect(names).toEqual(FAULT_NAMES.map((name) => `\`${name}\``));
  });

  it('names every service that may speak', () => {
    const directory = fixedTarget({ key: KEY, baseUrl: 'http://127.0.0.1:9' });
    const emulator = new CssEmulator({ directory });
    onTestFinished(() => emulator.close());
    const stream = emulator.pushStream({ domain: 'push.example.com', streamName: 'room' });
    const [, cell = ''] = /a service speaks: (.*?)\|/.exec(EMULATOR) ?? [];
    const kinds = [...cell.matchAll(/`([\w-]+)`/g)].map(([, kind = '']) => kind);
    expect(() => stream.report('nothing' as 'monitor')).toThrow(`Kinds: ${kinds.join(', ')}.`);
  });

  it('lists the actions of the API', async () => {
    const api = await scratchApi();
    const [, table = ''] = /\| Actions([\s\S]*?)\n\n/.exec(EMULATOR) ?? [];
    const names = [...table.matchAll(/`([A-Z]\w+s?)`/g)].map(([, name = '']) => name);
    const actions = names.filter((name) => name !== 'TemplateStore');
    const effect = { drop: true } as const;
    expect(() => api.fail({ action: 'Nothing', effect })).toThrow(
      `Actions: *, ${actions.join(', ')}.`,
    );
  });

  it('shows a fault, effects and a state that the helper routes take', async () => {
    const api = await scratchApi();
    const put = async (route: string, body: string) =>
      (await fetch(`${api.url}/_emulator/${route}`, { method: 'PUT', body })).status;
    const [fault = '', state = ''] = blocksOf(EMULATOR, 'json');
    expect(await put('fault', fault)).toBe(200);
    const [, sentence = ''] = /Effects: (.*?) To `state`/.exec(EMULATOR) ?? [];
    const effects = [...sentence.matchAll(/`(\{.*?\})`/g)].map(([, effect = '']) => effect);
    expect(effects).toHaveLength(11);
    for (const effect of effects) {
      expect(await put('fault', `{"action": "*", "effect": ${effect}}`)).toBe(200);
    }
    expect(await put('state', state)).toBe(200);
    expect(api.templates.targetOf('push.example.com', 'live')?.urlOf('stream-push')).toBe(
      'http://127.0.0.1:3000/live-callback/stream-push',
    );
  });
});

describe('docs/provisioning.md', () => {
  const load = async (text: string, name: string): Promise<ProvisioningState> => {
    const path = join(scratchFolder(), name);
    writeFileSync(path, text);
    return loadState(path, ENVIRONMENT);
  };

  it('begins with a program that declares a template', async () => {
    const api = await scratchApi();
    setEnvironment({
      ...ENVIRONMENT,
      TENCENTCLOUD_SECRET_ID: 'AKIDEMULATOR0001',
      TENCENTCLOUD_SECRET_KEY: 'EmulatorSecretKey0001',
    });
    const [program = ''] = blocksOf(PROVISIONING, 'ts');
    const lines = await runProgram(program, (code) =>
      code.replace('TencentCloudApi({', `TencentCloudApi({ endpoint: '${api.url}',`),
    );
    expect(lines.join('\n')).toContain('+ rule push.example.com/live → template main');
    expect(api.templates.targetOf('push.example.com', 'live')?.urlOf('screenshot')).toBe(
      'https://live.example.com/live-callback/screenshot',
    );
  });

  it('shows state files that can be applied, and the plan of the first', async () => {
    const [yaml = ''] = blocksOf(PROVISIONING, 'yaml');
    const api = await scratchApi();
    const state = await load(yaml, 'callbacks.yaml');
    const provisioner = provisionerOf(api, state);
    const [plan = '', mark = ''] = blocksOf(PROVISIONING, 'text');
    expect(formatPlan(await provisioner.plan()).replace(/_[0-9a-f]{12}/g, '_0123456789ab')).toBe(
      plan.trimEnd(),
    );
    await provisioner.apply();
    expect((await provisioner.drift()).isInSync).toBe(true);
    const [{ Description = '' } = {}] = api.templates.templates.map(({ fields }) => fields);
    expect(Description.replace(/[0-9a-f]{12}$/, '0123456789ab')).toBe(mark.trimEnd());

    const [json = ''] = blocksOf(PROVISIONING, 'json');
    const fromJson = await load(json, 'callbacks.json');
    expect((await provisionerOf(await scratchApi(), fromJson).apply()).steps).toHaveLength(2);
  });

  it('counts what the mark leaves of a description', async () => {
    const [json = ''] = blocksOf(PROVISIONING, 'json');
    const { stack, ...state } = await load(json, 'callbacks.json');
    const main = { ...state.templates['main'], description: 'd'.repeat(73) };
    const api = cloudOf(await scratchApi());
    const declare = (description: string) =>
      new LiveCallbackProvisioner({
        state: { ...state, stack, templates: { main: { ...main, description } } },
        api,
      });
    declare('d'.repeat(73));
    expect(() => declare('d'.repeat(74))).toThrow('there is room for 73 of 100');
    expect(PROVISIONING).toContain('`shop` and `main` leave 73');
  });

  it('shows a key file that can be read', async () => {
    const [, keys = ''] = blocksOf(PROVISIONING, 'json');
    const path = join(scratchFolder(), 'keys.json');
    writeFileSync(path, keys);
    const entry = await new KeyRingFile(path).read('main');
    expect(acceptedKeys(entry!, 0)).toHaveLength(3);
  });

  it('names every kind that a template has a URL for', () => {
    const [, cell = ''] = /\| kinds: (.*?)\|/.exec(PROVISIONING) ?? [];
    const kinds = [...cell.matchAll(/`([\w-]+)`/g)].map(([, kind = '']) => kind);
    const withUrl = new EventCatalog().definitions.filter(({ notifyUrlField }) => notifyUrlField);
    expect(kinds.toSorted()).toEqual(withUrl.map(({ kind }) => kind).toSorted());
  });
});
