/** Templates of a state file that people change on a screen: what is written, what is kept back, who is stopped. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';

import { TEMPLATE_KINDS } from '../../../console/src/kinds.js';
import { DeclaredTemplates, KeyRingFile } from '../../../src/cloud/index.js';
import { descriptionRoom } from '../../../src/cloud/provisioning/template.limits.js';
import { URL_FIELD_OF_KIND } from '../../../src/cloud/provisioning/template.fields.js';
import { CloudApiServer } from '../../../src/emulator/api/index.js';
import { onTestFinished } from '../../support/current-test.js';
import { cloudOf, errorOf, scratchFolder, writesOf } from './provisioning-support.js';

const STATE = `# of the shop
stack: shop
baseUrl: https://live.example.com/live-callback
keyFile: keys.json
templates:
  # for all
  main:
    events: [stream-push] # more may follow
    urls:
      screenshot: https://pictures.example.com/in?token=Sesame
    rules:
      - domain: push.example.com
  audit:
    key: \${AUDIT_KEY}
    name: \${AUDIT_NAME}
    events:
      - image-audit
`;
const ENV = { AUDIT_KEY: 'AuditKey2026', AUDIT_NAME: 'audit', SECRET: 'OfTheServer2026' };
const BY = 'Ada';

let api: CloudApiServer;
let file: string;
let declared: DeclaredTemplates;

beforeEach(async () => {
  api = new CloudApiServer();
  await api.listen();
  onTestFinished(() => api.close());
  file = join(scratchFolder(), 'callbacks.yaml');
  writeFileSync(file, STATE, { mode: 0o640 });
  declared = open();
  Logger.overrideLogger(false);
});

const open = () => new DeclaredTemplates({ file, api: cloudOf(api), env: ENV });
const text = () => readFileSync(file, 'utf8');
const MAIN = {
  events: ['stream-push'],
  urls: { screenshot: 'https://pictures.example.com/in?token=***' },
  rules: [{ domain: 'push.example.com' }],
};

async function save(id: string, declaration: object, more: object = {}) {
  const { revision } = await declared.read();
  return declared.save({ id, declaration, revision, ...more }, BY);
}

async function apply() {
  const { compared } = await declared.read();
  return declared.apply({ seen: compared!.seen }, BY);
}

describe('an edit', () => {
  it('leaves comments, references and secrets of the file where they are', async () => {
    await save('main', { ...MAIN, description: 'All' });
    expect(text()).toBe(
      STATE.replace('push.example.com\n', 'push.example.com\n    description: All\n'),
    );
  });

  it('changes a file of JSON into one of JSON', async () => {
    writeFileSync(
      file,
      JSON.stringify({
        stack: 'shop',
        baseUrl: 'https://live.example.com',
        keyFile: 'keys.json',
        templates: { main: { events: ['stream-push'] } },
      }),
    );
    await save('show', { events: ['record-file'] }, { isNew: true });
    const { revision } = await save('main', { events: ['stream-push', 'stream-interrupt'] });
    await declared.remove({ id: 'show', revision }, BY);
    expect(JSON.parse(text())).toMatchObject({
      stack: 'shop',
      templates: { main: { events: ['stream-push', 'stream-interrupt'] } },
    });
  });

  it('changes nothing in the account before it is applied', async () => {
    await save('main', { ...MAIN, events: ['stream-push', 'record-file'] });
    expect(writesOf(api)).toEqual([]);
    const { compared } = await apply();
    expect(compared?.drift.isInSync).toBe(true);
    expect(api.templates.templates.map(({ fields }) => fields.TemplateName)).toEqual([
      'shop-main',
      'audit',
    ]);
    expect(api.templates.rules).toMatchObject([{ domain: 'push.example.com', appName: 'live' }]);
  });

  it.each<[string, string, object, object?]>([
    ['name has 31 characters', 'main', { ...MAIN, name: 'x'.repeat(31) }],
    ['"a b"', 'main', { ...MAIN, name: 'a b' }],
    ['has no URL', 'main', { rules: [] }],
    ['must be a host name', 'main', { ...MAIN, rules: [{ domain: 'push' }] }],
    ['is no field here', 'main', { ...MAIN, key: 'KeyOfTheForm2026' }],
    ['is declared already', 'main', MAIN, { isNew: true }],
    ['is not declared', 'show', MAIN],
    ['binds push.example.com/live', 'show', { ...MAIN }, { isNew: true }],
    ['must be called by', 'A b', MAIN, { isNew: true }],
    ['8 to 32 letters and digits', 'show', { events: ['relay'] }, { isNew: true, key: 'short' }],
    ['changes by a rotation', 'main', MAIN, { key: 'KeyOfTheForm2026' }],
    ['may not refer to the environment', 'main', { ...MAIN, name: '${SECRET}' }],
    ['may not refer to the environment', 'audit', { name: '${AUDIT_KEY}', events: ['relay'] }],
    [
      'may not refer to the environment',
      'main',
      { ...MAIN, urls: { screenshot: 'https://evil.example/?${SECRET}' } },
    ],
  ])('is refused with "%s", and the file stays', async (message, id, declaration, more) => {
    const error = await errorOf(save(id, declaration, more));
    expect(error.reason).toBe('invalid');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain(ENV.SECRET);
    expect(text()).toBe(STATE);
  });

  it('keeps a reference to the environment that was there before', async () => {
    const { templates } = await declared.read();
    expect(templates[1]).toMatchObject({ id: 'audit', name: '${AUDIT_NAME}', key: 'declared' });
    await save('audit', { name: '${AUDIT_NAME}', events: ['image-audit', 'audio-audit'] });
    expect(text()).toContain('key: ${AUDIT_KEY}');
    expect(text()).toContain('name: ${AUDIT_NAME}');
  });

  it('made on what somebody else has changed meanwhile is refused', async () => {
    const { revision } = await declared.read();
    await open().save({ id: 'main', declaration: { ...MAIN, name: 'first' }, revision }, BY);
    const late = declared.save(
      { id: 'main', declaration: { ...MAIN, name: 'late' }, revision },
      BY,
    );
    expect((await errorOf(late)).reason).toBe('blocked');
    expect(text()).toContain('name: first');
  });

  it('is one of those made at once; none is lost without a word', async () => {
    const { revision } = await declared.read();
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((id) =>
        open().save({ id, isNew: true, declaration: { events: ['record-file'] }, revision }, BY),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await declared.read()).templates).toHaveLength(3);
  });
});

describe('a key', () => {
  it('goes into the key file before the template is declared, and no view holds one', async () => {
    const key = 'KeyOfTheForm2026';
    const view = await save('show', { events: ['record-file'] }, { isNew: true, key });
    const ring = new KeyRingFile(join(file, '../keys.json'));
    expect(await ring.read('show')).toEqual({ current: key });
    const said = JSON.stringify([view, await apply(), await declared.read()]);
    expect(api.templates.templates.map(({ fields }) => fields.CallbackKey)).toContain(key);
    for (const secret of [key, ENV.AUDIT_KEY, 'Sesame']) expect(said).not.toContain(secret);
    expect(text()).not.toContain(key);
  });

  it('is rotated in the account and in the key file', async () => {
    await apply();
    await declared.rotateKey({ id: 'main', key: 'TheNextKey2026' }, BY);
    const [main] = api.templates.templates;
    expect(main?.fields.CallbackKey).toBe('TheNextKey2026');
    expect((await errorOf(declared.rotateKey({ id: 'audit' }, BY))).reason).toBe('invalid');
  });
});

describe('what is applied', () => {
  it('is what was seen: other changes of the account stop it', async () => {
    const { compared } = await declared.read();
    api.templates.createTemplate({ TemplateName: 'x', StreamBeginNotifyUrl: 'https://x.example' });
    const [rival] = api.templates.templates;
    api.templates.createRule('push.example.com', 'live', rival!.id);
    const error = await errorOf(declared.apply({ seen: compared!.seen }, BY));
    expect(error.reason).toBe('blocked');
    expect(writesOf(api)).toEqual([]);
  });

  it('takes over what is bound to a template of others only when told to', async () => {
    const id = api.templates.createTemplate({
      TemplateName: 'x',
      StreamBeginNotifyUrl: 'https://x.example',
    });
    api.templates.createRule('push.example.com', 'live', id);
    const { compared } = await declared.read();
    expect(compared?.foreign).toEqual([
      {
        templateId: id,
        name: 'x',
        kinds: ['stream-push'],
        rules: [{ domain: 'push.example.com', appName: 'live' }],
      },
    ]);
    const { seen } = compared!;
    expect((await errorOf(declared.apply({ seen }, BY))).message).toContain('Nothing was changed');
    await declared.apply({ seen, takeOver: true }, BY);
    expect(api.templates.rules[0]?.templateId).not.toBe(id);
  });
});

it('what is declared is shown although the cloud does not answer', async () => {
  await api.close();
  const { templates, compared, failure } = await declared.read();
  expect(templates).toHaveLength(2);
  expect(compared).toBeNull();
  expect(failure).toContain('DescribeLiveCallbackTemplates');
});

it('the account is looked at once for all who ask within half a minute', async () => {
  await Promise.all([declared.read(), declared.read()]);
  await declared.read();
  expect(api.requests.map(({ action }) => action)).toEqual([
    'DescribeLiveCallbackTemplates',
    'DescribeLiveCallbackRules',
  ]);
});

it('the page knows the kinds that have a URL in a template, and the room that the mark leaves', () => {
  expect([...TEMPLATE_KINDS].toSorted()).toEqual([...URL_FIELD_OF_KIND.keys()].toSorted());
  expect(descriptionRoom('shop', 'main', false)).toBe(73);
});
