/**
 * Callback templates and rules over the official SDK: every action, with success and failure, what
 * each constraint answers, and which template a callback goes by.
 */
import { describe, expect, it } from 'vitest';

import { TemplateStore, type CloudApiServer } from '../../src/emulator/api/index.js';
import { scratchApi, sdkClient, sdkCodeOf } from './api-support.js';

const URL_A = 'https://a.example.com/push';
const TEMPLATE = { TemplateName: 'main', StreamBeginNotifyUrl: URL_A };

/** Calls an action through the SDK. */
function caller(api: CloudApiServer) {
  const client = sdkClient(api);
  return (action: string, parameters: object = {}) => client.request(action, parameters);
}

async function scratchCaller() {
  const api = await scratchApi();
  const call = caller(api);
  const create = async (fields: object = TEMPLATE) =>
    ((await call('CreateLiveCallbackTemplate', fields)) as { TemplateId: number }).TemplateId;
  const read = async (id: number) =>
    ((await call('DescribeLiveCallbackTemplate', { TemplateId: id })) as { Template: object })
      .Template;
  const bind = (DomainName: string, AppName: string, TemplateId: number) =>
    call('CreateLiveCallbackRule', { DomainName, AppName, TemplateId });
  return { api, call, create, read, bind };
}

describe('a template', () => {
  it('is created, read, modified, listed and deleted', async () => {
    const { call, create, read } = await scratchCaller();
    const id = await create({ ...TEMPLATE, Description: 'first', CallbackKey: 'Abc123' });
    expect(await read(id)).toEqual({
      TemplateId: id,
      TemplateName: 'main',
      Description: 'first',
      CallbackKey: 'Abc123',
      StreamBeginNotifyUrl: URL_A,
      StreamEndNotifyUrl: '',
      StreamMixNotifyUrl: '',
      RecordNotifyUrl: '',
      SnapshotNotifyUrl: '',
      PornCensorshipNotifyUrl: '',
      PushExceptionNotifyUrl: null,
      AudioAuditNotifyUrl: null,
      RecordExceptionNotifyUrl: '',
      RecordExceptionLevels: [],
    });
    await call('ModifyLiveCallbackTemplate', {
      TemplateId: id,
      StreamEndNotifyUrl: 'https://a.example.com/end',
      Description: '',
      RecordExceptionLevels: ['error', 'info'],
    });
    expect(await read(id)).toMatchObject({
      Description: '',
      CallbackKey: 'Abc123',
      StreamBeginNotifyUrl: URL_A,
      StreamEndNotifyUrl: 'https://a.example.com/end',
      RecordExceptionLevels: ['error', 'info'],
    });
    const second = await create();
    expect(second).toBeGreaterThan(id);
    const listed = await call('DescribeLiveCallbackTemplates');
    expect(listed).toMatchObject({ Templates: [{ TemplateId: id }, { TemplateId: second }] });
    await call('DeleteLiveCallbackTemplate', { TemplateId: second });
    expect(await create()).toBeGreaterThan(second);
  });

  it('takes every URL, and tells all but that of the recording status', async () => {
    const { create, read } = await scratchCaller();
    const urls = {
      StreamEndNotifyUrl: 'http://a.example.com/1',
      StreamMixNotifyUrl: 'http://a.example.com/2',
      RecordNotifyUrl: 'http://a.example.com/3',
      RecordExceptionNotifyUrl: 'http://a.example.com/4',
      SnapshotNotifyUrl: 'http://a.example.com/5',
      PornCensorshipNotifyUrl: 'http://a.example.com/6',
      PushExceptionNotifyUrl: 'http://127.0.0.1:8080/7',
      AudioAuditNotifyUrl: 'http://a.example.com/8?token=x',
    };
    const id = await create({
      TemplateName: '直播_main-1',
      RecordStatusNotifyUrl: 'http://a.example.com/9',
      ...urls,
    });
    const template = await read(id);
    expect(template).toMatchObject({ TemplateName: '直播_main-1', ...urls });
    expect(template).not.toHaveProperty('RecordStatusNotifyUrl');
  });

  it('is created and modified by GET as well, lists included', async () => {
    const api = await scratchApi();
    const client = sdkClient(api, { method: 'GET' });
    const { TemplateId } = (await client.request('CreateLiveCallbackTemplate', {
      ...TEMPLATE,
      RecordExceptionLevels: ['error', 'warning'],
    })) as { TemplateId: number };
    await client.request('ModifyLiveCallbackTemplate', { TemplateId, Description: 'x & y' });
    expect(await client.request('DescribeLiveCallbackTemplate', { TemplateId })).toMatchObject({
      Template: { Description: 'x & y', RecordExceptionLevels: ['error', 'warning'] },
    });
  });

  it.each<[string, object, string]>([
    ['an empty name', { TemplateName: '' }, 'InvalidParameter.ArgsNotMatch'],
    ['a name with a space', { TemplateName: 'my template' }, 'InvalidParameter.ArgsNotMatch'],
    ['a name that is too long', { TemplateName: '直'.repeat(86) }, 'InvalidParameter.ArgsNotMatch'],
    ['a description that is too long', { Description: '直'.repeat(342) }, 'InvalidParameterValue'],
    ['a URL without scheme', { SnapshotNotifyUrl: 'a.example.com/x' }, 'InvalidParameterValue'],
    ['a URL of another scheme', { SnapshotNotifyUrl: 'ftp://a.com/x' }, 'InvalidParameterValue'],
    ['a key with a hyphen', { CallbackKey: 'a-b' }, 'InvalidParameterValue'],
    ['a key that is too long', { CallbackKey: 'k'.repeat(33) }, 'InvalidParameterValue'],
    ['an unknown level', { RecordExceptionLevels: ['alarm'] }, 'InvalidParameterValue'],
    ['levels that are no list', { RecordExceptionLevels: 'error' }, 'InvalidParameter'],
    ['a parameter of the wrong type', { CallbackKey: 12345678 }, 'InvalidParameter'],
    ['an unknown parameter', { TemplateNames: 'x' }, 'UnknownParameter'],
    [
      'an unsafe host',
      { RecordNotifyUrl: 'http://unsafe.example/x' },
      'InvalidParameter.UrlNotSafe',
    ],
  ])('is neither created nor modified with %s', async (_name, change, code) => {
    const { api, call, create, read } = await scratchCaller();
    api.templates.switches.unsafeHosts = ['unsafe.example'];
    const creation = call('CreateLiveCallbackTemplate', { ...TEMPLATE, ...change });
    expect(await sdkCodeOf(creation)).toBe(code);
    expect(api.templates.templates).toEqual([]);
    const id = await create();
    const before = await read(id);
    const change2 = { TemplateId: id, StreamEndNotifyUrl: URL_A, ...change };
    expect(await sdkCodeOf(call('ModifyLiveCallbackTemplate', change2))).toBe(code);
    expect(await read(id)).toEqual(before);
  });

  it('needs a name and a URL, when it is created and ever after', async () => {
    const { call, create, read } = await scratchCaller();
    const creation = (fields: object) => sdkCodeOf(call('CreateLiveCallbackTemplate', fields));
    expect(await creation({ StreamBeginNotifyUrl: URL_A })).toBe('MissingParameter');
    expect(await creation({ TemplateName: 'main' })).toBe('InvalidParameterValue');
    expect(await creation({ TemplateName: 'main', RecordNotifyUrl: '' })).toBe(
      'InvalidParameterValue',
    );
    const id = await create();
    const clearing = { TemplateId: id, StreamBeginNotifyUrl: '', Description: 'cleared' };
    expect(await sdkCodeOf(call('ModifyLiveCallbackTemplate', clearing))).toBe(
      'InvalidParameterValue',
    );
    expect(await read(id)).toMatchObject({ StreamBeginNotifyUrl: URL_A, Description: '' });
  });

  it('cannot be modified in its deprecated URL', async () => {
    const { call, create } = await scratchCaller();
    const change = { TemplateId: await create(), StreamMixNotifyUrl: URL_A };
    expect(await sdkCodeOf(call('ModifyLiveCallbackTemplate', change))).toBe('UnknownParameter');
  });

  it.each([
    'DescribeLiveCallbackTemplate',
    'ModifyLiveCallbackTemplate',
    'DeleteLiveCallbackTemplate',
  ])('that does not exist is not found by %s', async (action) => {
    const { call } = await scratchCaller();
    expect(await sdkCodeOf(call(action, { TemplateId: 7 }))).toBe('InternalError.ConfNotFound');
    expect(await sdkCodeOf(call(action, { TemplateId: '7' }))).toBe('InternalError.ConfNotFound');
  });

  it('may share its name, and the fifty-first is one too many', async () => {
    const { call, create, api } = await scratchCaller();
    const ids = new Set<number>();
    for (let made = 0; made < 50; made++) ids.add(await create());
    expect(ids.size).toBe(50);
    expect(await sdkCodeOf(call('CreateLiveCallbackTemplate', TEMPLATE))).toBe(
      'InternalError.ConfOutLimit',
    );
    expect(api.templates.templates).toHaveLength(50);
  });

  it('that is in use is not deleted', async () => {
    const { call, create, read, bind } = await scratchCaller();
    const id = await create();
    await bind('push.example.com', 'live', id);
    const deletion = () => call('DeleteLiveCallbackTemplate', { TemplateId: id });
    expect(await sdkCodeOf(deletion())).toBe('FailedOperation.ConfInUsed');
    expect(await read(id)).toMatchObject({ TemplateId: id });
    await call('DeleteLiveCallbackRule', { DomainName: 'push.example.com', AppName: 'live' });
    await deletion();
  });
});

describe('a rule', () => {
  it('is created, listed and deleted, its domain in any case', async () => {
    const { api, call, create, bind } = await scratchCaller();
    const id = await create();
    await bind('PUSH.example.com', 'live', id);
    await bind('push.example.com', 'Live', id);
    const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);
    const rule = { TemplateId: id, DomainName: 'push.example.com', CreateTime: time };
    expect(await call('DescribeLiveCallbackRules')).toMatchObject({
      Rules: [
        { ...rule, UpdateTime: time, AppName: 'Live' },
        { ...rule, AppName: 'live' },
      ],
    });
    await call('DeleteLiveCallbackRule', { DomainName: 'Push.Example.com', AppName: 'live' });
    expect(api.templates.rules).toMatchObject([{ appName: 'Live' }]);
  });

  it('shows the time of Beijing', async () => {
    const now = () => Date.parse('2026-01-01T20:00:00.700Z');
    const api = await scratchApi({ now });
    const id = api.templates.createTemplate(TEMPLATE);
    api.templates.createRule('push.example.com', 'live', id);
    expect(await caller(api)('DescribeLiveCallbackRules')).toMatchObject({
      Rules: [{ CreateTime: '2026-01-02 04:00:00' }],
    });
  });

  it('for the same domain and AppName is refused, whichever template it names', async () => {
    const { api, create, bind } = await scratchCaller();
    const [one, other] = [await create(), await create()];
    await bind('push.example.com', 'live', one);
    for (const id of [one, other]) {
      expect(await sdkCodeOf(bind('Push.example.com', 'live', id))).toBe(
        'InternalError.RuleAlreadyExist',
      );
    }
    api.templates.switches.duplicateRuleCode = 'InternalError';
    expect(await sdkCodeOf(bind('push.example.com', 'live', other))).toBe('InternalError');
    expect(api.templates.rules).toMatchObject([{ templateId: one }]);
  });

  it('is made once, however many ask for it at the same time', async () => {
    const { api, create, bind } = await scratchCaller();
    const id = await create();
    const asked = Array.from({ length: 8 }, () => bind('push.example.com', 'live', id));
    const settled = await Promise.allSettled(asked);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(api.templates.rules).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    [
      'a domain that is no host name',
      { DomainName: 'not a host' },
      'InvalidParameter.DomainFormatError',
    ],
    ['a domain of someone else', { DomainName: 'push.other.com' }, 'InvalidParameterValue'],
    ['an unknown template', { TemplateId: 7 }, 'InternalError.ConfNotFound'],
    ['no AppName', { AppName: undefined }, 'MissingParameter'],
    ['no domain', { DomainName: null }, 'MissingParameter'],
  ])('is not created for %s', async (_name, change, code) => {
    const { api, call, create } = await scratchCaller();
    api.templates.switches.domains = ['push.example.com'];
    const rule = { DomainName: 'push.example.com', AppName: 'live', TemplateId: await create() };
    expect(await sdkCodeOf(call('CreateLiveCallbackRule', { ...rule, ...change }))).toBe(code);
    expect(api.templates.rules).toEqual([]);
  });

  it('that does not exist cannot be deleted', async () => {
    const { call, create, bind } = await scratchCaller();
    await bind('push.example.com', '', await create());
    const deletion = (given: object) => sdkCodeOf(call('DeleteLiveCallbackRule', given));
    const DomainName = 'push.example.com';
    expect(await deletion({ DomainName, AppName: 'live' })).toBe('FailedOperation.NotFound');
    expect(await deletion({ DomainName, AppName: 'live', TemplateId: 1 })).toBe('UnknownParameter');
    await call('DeleteLiveCallbackRule', { DomainName, AppName: '' });
  });
});

describe('a callback goes', () => {
  const PUSH = { ...TEMPLATE, CallbackKey: 'KeyOfMain' };

  it('by the rule of its AppName, else by that of the whole domain, else nowhere', () => {
    const store = new TemplateStore();
    const main = store.createTemplate(PUSH);
    const other = store.createTemplate({ TemplateName: 'other', RecordNotifyUrl: URL_A });
    store.createRule('Push.example.com', 'live', main);
    store.createRule('push.example.com', '', other);
    const ofLive = store.targetOf('PUSH.example.com', 'live');
    expect(ofLive?.key).toBe('KeyOfMain');
    expect(ofLive?.urlOf('stream-push')).toBe(URL_A);
    expect(ofLive?.urlOf('record-file')).toBeUndefined();
    expect(ofLive?.urlOf('relay')).toBeUndefined();
    const ofDomain = store.targetOf('push.example.com', 'LIVE');
    expect(ofDomain?.key).toBe('');
    expect(ofDomain?.urlOf('record-file')).toBe(URL_A);
    expect(store.targetOf('other.example.com', 'live')).toBeUndefined();
  });

  it('by what was configured before, until a change has reached the nodes', () => {
    let time = 1_000_000;
    const store = new TemplateStore(() => time);
    const keyNow = () => store.targetOf('push.example.com', 'live')?.key;
    const id = store.createTemplate(PUSH);
    store.createRule('push.example.com', 'live', id);
    expect(keyNow()).toBe('KeyOfMain');
    store.switches.propagationMs = 600_000;
    store.modifyTemplate(id, { CallbackKey: 'SecondKey' });
    time += 300_000;
    store.modifyTemplate(id, { CallbackKey: 'ThirdKey' });
    expect(store.template(id).fields.CallbackKey).toBe('ThirdKey');
    expect(keyNow()).toBe('KeyOfMain');
    time += 300_000;
    expect(keyNow()).toBe('SecondKey');
    time += 299_999;
    expect(keyNow()).toBe('SecondKey');
    time += 1;
    expect(keyNow()).toBe('ThirdKey');
  });
});
