/**
 * Templates and rules as code, against the emulated API over real HTTP: what is created, changed,
 * left alone and taken away, and what a run that is cut off leaves for the next one.
 */
import { describe, expect, it } from 'vitest';

import type { FaultEffect } from '../../../src/emulator/api/index.js';
import { CloudApiError, formatPlan, type CloudApi } from '../../../src/cloud/index.js';
import { scratchApi } from '../../emulator/api-support.js';
import {
  accountOf,
  cloudOf,
  dropped,
  errorOf,
  KEY,
  provisionerOf,
  STATE,
  stateWith,
  writesOf,
} from './provisioning-support.js';

type Result = Awaited<ReturnType<CloudApi['call']>>;

const FOREIGN = { TemplateName: 'theirs', StreamBeginNotifyUrl: 'https://theirs.example.com/' };

describe('an empty account', () => {
  it('is planned without a write, and without a secret on the screen', async () => {
    const api = await scratchApi();
    const state = { ...STATE, urlToken: 'a-secret-url-token' };
    const plan = await provisionerOf(api, state).plan();
    expect(plan.blockers).toEqual([]);
    expect(plan.steps.map(({ action }) => action)).toEqual([
      'create-template',
      'create-template',
      'create-rule',
      'create-rule',
      'create-rule',
    ]);
    const text = formatPlan(plan);
    expect(text).toContain('+ template main');
    expect(text).toContain('CallbackKey: ***');
    expect(text).toContain('https://live.example.com/live-callback/stream-push?token=***');
    expect(text).toContain('+ rule push.example.com/show → template main');
    expect(text).toContain('up to 10 minutes');
    expect(text + JSON.stringify(plan)).not.toMatch(/KeyForDocs|a-secret-url|pictures$/m);
    expect(writesOf(api)).toEqual([]);
    expect(api.requests).toHaveLength(2);
  });

  it('gets every template and rule', async () => {
    const api = await scratchApi();
    const done: string[] = [];
    const onProgress = (line: string) => done.push(line);
    await provisionerOf(api, STATE, { onProgress }).apply();
    expect(accountOf(api)).toMatchObject({
      templates: expect.arrayContaining([
        {
          TemplateName: 'shop-main',
          Description: expect.stringMatching(/^mgd_shop_main_[0-9a-f]{12}$/),
          CallbackKey: KEY,
          StreamBeginNotifyUrl: 'https://live.example.com/live-callback/stream-push',
          StreamEndNotifyUrl: 'https://live.example.com/live-callback/stream-interrupt',
          RecordNotifyUrl: 'https://live.example.com/live-callback/record-file',
        },
        {
          TemplateName: '直播-audit',
          Description: expect.stringMatching(/^Moderation_mgd_shop_audit_[0-9a-f]{12}w$/),
          CallbackKey: `${KEY}x`,
          PornCensorshipNotifyUrl: 'https://live.example.com/live-callback/image-audit',
          RecordStatusNotifyUrl: 'https://live.example.com/live-callback/record-status',
          RecordExceptionNotifyUrl: 'https://live.example.com/live-callback/record-exception',
          RecordExceptionLevels: ['error', 'warning'],
          SnapshotNotifyUrl: 'http://pictures.example.com/in?secret=pictures',
        },
      ]),
      rules: [
        ['push.example.com', 'live', 'shop-main'],
        ['push.example.com', 'show', 'shop-main'],
        ['push2.example.com', 'live', '直播-audit'],
      ],
    });
    expect(done).toHaveLength(5);
  });
});

describe('an account that is as declared', () => {
  it('gets no write', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const before = writesOf(api).length;
    const result = await provisionerOf(api).apply();
    expect(result.steps).toEqual([]);
    expect(writesOf(api)).toHaveLength(before);
    expect(formatPlan(await provisionerOf(api).plan())).toBe('Nothing to do.');
    expect(await provisionerOf(api).drift()).toEqual({
      isInSync: true,
      findings: [],
      blockers: [],
      unreadable: ['audit.RecordStatusNotifyUrl'],
    });
  });
});

describe('a change', () => {
  it('is made in place, and tells what changes', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const ids = api.templates.templates.map(({ id }) => id);
    const changed = stateWith('main', {
      name: 'renamed',
      description: 'other',
      events: ['stream-push', 'push-error', 'audio-audit'],
    });
    const plan = formatPlan(await provisionerOf(api, changed).plan());
    expect(plan).toContain(`~ template main (${ids[0]})`);
    expect(plan).toContain('TemplateName: shop-main → renamed');
    expect(plan).toContain(
      'RecordNotifyUrl: https://live.example.com/live-callback/record-file → (none)',
    );
    await provisionerOf(api, changed).apply();
    expect(api.templates.templates.map(({ id }) => id)).toEqual(ids);
    expect(api.templates.templates[0]?.fields).toMatchObject({
      TemplateName: 'renamed',
      StreamEndNotifyUrl: '',
      RecordNotifyUrl: '',
      PushExceptionNotifyUrl: 'https://live.example.com/live-callback/push-error',
      AudioAuditNotifyUrl: 'https://live.example.com/live-callback/audio-audit',
    });
    expect(api.templates.rules).toHaveLength(3);
    expect((await provisionerOf(api, changed).plan()).steps).toEqual([]);
  });

  it('clears what is declared no more, also what cannot be read back', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const cleared = stateWith('audit', { events: ['image-audit'], recordExceptionLevels: [] });
    const plan = formatPlan(await provisionerOf(api, cleared).plan());
    expect(plan).toContain('RecordStatusNotifyUrl: (cannot be read) → (none)');
    await provisionerOf(api, cleared).apply();
    expect(api.templates.templates[1]?.fields).toMatchObject({
      RecordStatusNotifyUrl: '',
      RecordExceptionNotifyUrl: '',
      RecordExceptionLevels: [],
      Description: expect.stringMatching(/_mgd_shop_audit_[0-9a-f]{12}$/),
    });
    expect((await provisionerOf(api, cleared).plan()).steps).toEqual([]);
  });

  it('of a URL that cannot be read back is noticed by the mark', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const moved = stateWith('audit', {
      events: ['image-audit', 'record-exception'],
      urls: { ...STATE.templates['audit']?.urls, 'record-status': 'https://other.example.com/' },
    });
    const { steps } = await provisionerOf(api, moved).plan();
    expect(steps).toMatchObject([
      {
        action: 'modify-template',
        changes: [
          { field: 'Description' },
          { field: 'RecordStatusNotifyUrl', to: 'https://other.example.com/' },
        ],
      },
    ]);
    await provisionerOf(api, moved).apply();
    const { fields } = api.templates.templates[1] ?? {};
    expect(fields?.RecordStatusNotifyUrl).toBe('https://other.example.com/');
  });

  it('never sends a field that an international endpoint lacks, unless it is declared', async () => {
    const api = await scratchApi();
    const plain = { ...STATE, templates: { main: STATE.templates['main'] ?? {} } };
    await provisionerOf(api, plain).apply();
    await provisionerOf(api, stateWith('main', { events: ['stream-push'] }, plain)).apply();
    const sent = api.requests.flatMap(({ parameters }) => Object.keys(parameters));
    expect(sent).toContain('StreamEndNotifyUrl');
    expect(sent.filter((name) => /RecordStatus|RecordException|AudioAudit/.test(name))).toEqual([]);
  });

  it('that the cloud reports but does not make is told', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const changed = stateWith('main', { events: ['stream-push'] });
    const cloud = cloudOf(api);
    // Success without an effect: a cloud that ignores empty fields.
    const ignoring: CloudApi = {
      call: (action, parameters) => {
        const kept = Object.entries(parameters).filter(([, value]) => value !== '');
        return cloud.call(action, Object.fromEntries(kept));
      },
    };
    const error = await errorOf(
      provisionerOf(api, changed, { api: ignoring, attempts: 2 }).apply(),
    );
    expect(error.reason).toBe('unsettled');
    expect(error.message).toContain('RecordNotifyUrl: https://live.example.com');
    expect(error.message).toContain('clear it in the console');
  });
});

describe('what is declared no more', () => {
  it('goes: a rule, and a template with its rules', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const smaller = {
      ...STATE,
      templates: { main: { ...STATE.templates['main'], rules: [{ domain: 'push.example.com' }] } },
    };
    await provisionerOf(api, smaller).apply();
    expect(accountOf(api)).toMatchObject({
      templates: [{ TemplateName: 'shop-main' }],
      rules: [['push.example.com', 'live', 'shop-main']],
    });
  });

  it('goes with destroy, and nothing of others', async () => {
    const api = await scratchApi();
    const theirs = api.templates.createTemplate(FOREIGN);
    api.templates.createRule('theirs.example.com', 'live', theirs);
    const unbound = { ...STATE.templates['main'], rules: [] };
    const neighbour = { ...STATE, stack: 'shop-2', templates: { main: unbound } };
    await provisionerOf(api, neighbour).apply();
    await provisionerOf(api).apply();
    const names = () => api.templates.templates.map(({ fields }) => fields.TemplateName);
    expect(names()).toContain('shop-main');
    const plan = await provisionerOf(api).planDestroy();
    expect(plan.steps).toHaveLength(5);
    await provisionerOf(api).destroy();
    expect(names()).toEqual(['theirs', 'shop-2-main']);
    expect(api.templates.rules).toMatchObject([{ domain: 'theirs.example.com' }]);
    const before = writesOf(api).length;
    expect((await provisionerOf(api).destroy()).steps).toEqual([]);
    expect(writesOf(api)).toHaveLength(before);
  });
});

describe('a foreign rule', () => {
  it('stops an apply before any write, and is taken over only when that is allowed', async () => {
    const api = await scratchApi();
    const theirs = api.templates.createTemplate(FOREIGN);
    api.templates.createRule('push.example.com', 'show', theirs);
    const error = await errorOf(provisionerOf(api).apply());
    expect(error).toMatchObject({ reason: 'blocked' });
    expect(error.message).toBe(
      `Nothing was changed. push.example.com/show is bound to the template ${theirs} "theirs", which is not of this stack. Delete that rule, or take it over with "takeOver".`,
    );
    expect((await errorOf(provisionerOf(api).apply({ repoint: true }))).reason).toBe('blocked');
    expect(writesOf(api)).toEqual([]);
    const { steps } = await provisionerOf(api).apply({ takeOver: true });
    expect(steps).toContainEqual({
      action: 'repoint-rule',
      template: 'main',
      fromTemplateId: theirs,
      domain: 'push.example.com',
      appName: 'show',
    });
    expect(accountOf(api)).toMatchObject({
      rules: expect.arrayContaining([['push.example.com', 'show', 'shop-main']]),
    });
    expect(api.templates.template(theirs).fields).toEqual(FOREIGN);
  });

  it('of another AppName on the same domain is left alone', async () => {
    const api = await scratchApi();
    const theirs = api.templates.createTemplate(FOREIGN);
    api.templates.createRule('push.example.com', 'SHOW', theirs);
    await provisionerOf(api).apply();
    await provisionerOf(api).destroy();
    expect(api.templates.rules).toMatchObject([{ appName: 'SHOW', templateId: theirs }]);
  });
});

describe('a rule of ours', () => {
  it('is pointed at another template only when the gap is allowed', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const moved = {
      ...STATE,
      templates: {
        main: { ...STATE.templates['main'], rules: [{ domain: 'push.example.com' }] },
        audit: {
          ...STATE.templates['audit'],
          rules: [{ domain: 'push2.example.com' }, { domain: 'push.example.com', appName: 'show' }],
        },
      },
    };
    const error = await errorOf(provisionerOf(api, moved).apply());
    expect(error.message).toContain('loses the callbacks of a moment; allow it with "repoint"');
    await provisionerOf(api, moved).apply({ repoint: true });
    expect(accountOf(api)).toMatchObject({
      rules: expect.arrayContaining([['push.example.com', 'show', '直播-audit']]),
    });
  });
});

describe('two templates with the same mark', () => {
  it('stop everything, because nobody knows which is in use', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const [main] = api.templates.templates;
    const copy = api.templates.createTemplate(main?.fields ?? {});
    const before = writesOf(api).length;
    for (const work of [provisionerOf(api).apply(), provisionerOf(api).destroy()]) {
      const error = await errorOf(work);
      expect(error.reason).toBe('blocked');
      expect(error.message).toContain(`${main?.id}, ${copy} all carry the mark of shop/main`);
    }
    expect(writesOf(api)).toHaveLength(before);
    expect((await provisionerOf(api).drift()).isInSync).toBe(false);
  });
});

describe('a full account', () => {
  it('is noticed before any write', async () => {
    const api = await scratchApi();
    for (let made = 0; made < 49; made++) api.templates.createTemplate(FOREIGN);
    const error = await errorOf(provisionerOf(api).apply());
    expect(error.message).toContain('has 49 templates, and 2 more would exceed 50');
    expect(writesOf(api)).toEqual([]);
  });

  it('is explained when it fills up meanwhile', async () => {
    const api = await scratchApi();
    const effect: FaultEffect = { error: 'InternalError.ConfOutLimit' };
    api.fail({ action: 'CreateLiveCallbackTemplate', effect });
    const error = await errorOf(provisionerOf(api).apply());
    expect(error).toMatchObject({ failureClass: 'quota', action: 'CreateLiveCallbackTemplate' });
    expect(error.message).toContain('An account may have 50 templates');
  });
});

describe('drift', () => {
  it('tells a change in the cloud from one of the declaration', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const [main, audit] = api.templates.templates;
    api.templates.modifyTemplate(main?.id ?? 0, { StreamEndNotifyUrl: '' });
    const changed = stateWith('audit', { description: 'Changed' });
    const { findings } = await provisionerOf(api, changed).drift();
    expect(findings).toMatchObject([
      {
        origin: 'cloud',
        step: { template: 'main', changes: [{ field: 'StreamEndNotifyUrl', from: '' }] },
      },
      { origin: 'declaration', step: { template: 'audit', changes: [{ field: 'Description' }] } },
    ]);
    api.templates.modifyTemplate(audit?.id ?? 0, { SnapshotNotifyUrl: 'https://x.example.com' });
    api.templates.deleteRule('push.example.com', 'live');
    const both = await provisionerOf(api, changed).drift();
    expect(both.findings).toMatchObject([
      { origin: 'cloud' },
      { origin: 'unknown', step: { template: 'audit' } },
      { origin: 'unknown', step: { action: 'create-rule', appName: 'live' } },
    ]);
    expect(writesOf(api)).toHaveLength(5);
    await provisionerOf(api, changed).apply();
    expect((await provisionerOf(api, changed).drift()).isInSync).toBe(true);
  });

  it('shows a key that was changed, but neither of the keys', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    api.templates.modifyTemplate(api.templates.templates[0]?.id ?? 0, { CallbackKey: 'Changed1' });
    const report = await provisionerOf(api).drift();
    expect(report.findings).toMatchObject([
      { origin: 'unknown', step: { changes: [{ field: 'CallbackKey', from: '***', to: '***' }] } },
    ]);
    expect(JSON.stringify(report)).not.toMatch(/Changed1|KeyForDocs/);
  });

  it('takes levels that only reading knows for what they are', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const cloud = cloudOf(api);
    const renaming: CloudApi = {
      call: async (action, parameters) => {
        const text = JSON.stringify(await cloud.call(action, parameters));
        return JSON.parse(text.replaceAll('"warning"', '"alarm"')) as Result;
      },
    };
    expect((await provisionerOf(api, STATE, { api: renaming }).plan()).steps).toEqual([]);
  });
});

describe('a creation with a doubtful end', () => {
  const effects: [string, FaultEffect][] = [
    ['a dropped connection', { drop: true }],
    ['a bare InternalError', { error: 'InternalError' }],
    ['a gateway', { status: 502 }],
    ['a page instead of JSON', { notJson: true }],
  ];
  describe.each(['before', 'after'] as const)('that failed %s its effect', (when) => {
    it.each(effects)('by %s is not made twice', async (_name, effect) => {
      const api = await scratchApi();
      api.fail({ action: 'CreateLiveCallbackTemplate', when, effect });
      api.fail({ action: 'CreateLiveCallbackRule', when, effect });
      await provisionerOf(api).apply();
      expect(api.templates.templates).toHaveLength(2);
      expect(api.templates.rules).toHaveLength(3);
    });
  });

  it('is found again when the answer came too late', async () => {
    const api = await scratchApi();
    const effect: FaultEffect = { stalled: true };
    api.fail({ action: 'CreateLiveCallbackTemplate', when: 'after', effect });
    await provisionerOf(api, STATE, { api: cloudOf(api, { timeoutMs: 300 }) }).apply();
    expect(api.templates.templates).toHaveLength(2);
  });

  it.each(['InternalError.RuleAlreadyExist', 'InternalError'] as const)(
    'of a rule that somebody else made (%s) is told, and not overwritten',
    async (code) => {
      const api = await scratchApi();
      const theirs = api.templates.createTemplate(FOREIGN);
      api.templates.switches.duplicateRuleCode = code;
      const cloud = cloudOf(api);
      const racing: CloudApi = {
        call: async (action, parameters) => {
          if (action === 'CreateLiveCallbackRule' && parameters['AppName'] === 'show') {
            const isFree = api.templates.rules.every(({ appName }) => appName !== 'show');
            if (isFree) api.templates.createRule('push.example.com', 'show', theirs);
          }
          return cloud.call(action, parameters);
        },
      };
      const error = await errorOf(provisionerOf(api, STATE, { api: racing, attempts: 2 }).apply());
      expect(error).toBeInstanceOf(CloudApiError);
      expect(error).toMatchObject({
        cloudCode: code,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect((await provisionerOf(api).plan()).blockers).toHaveLength(1);
    },
  );
});

describe('a cloud under load', () => {
  it('is called again, more slowly', async () => {
    const api = await scratchApi();
    for (const action of ['DescribeLiveCallbackRules', 'CreateLiveCallbackTemplate']) {
      const error = 'RequestLimitExceeded.UinLimitExceeded';
      api.fail({ action, count: 3, effect: { error } });
    }
    await provisionerOf(api).apply();
    expect(api.templates.rules).toHaveLength(3);
    expect(writesOf(api).filter((action) => action === 'CreateLiveCallbackTemplate')).toHaveLength(
      5,
    );
  });

  it('is left in peace after some attempts, with what to do', async () => {
    const api = await scratchApi();
    api.limit('DescribeLiveCallbackTemplates', 0);
    const error = await errorOf(provisionerOf(api, STATE, { attempts: 3 }).plan());
    expect(error).toMatchObject({ failureClass: 'throttled', cloudCode: 'RequestLimitExceeded' });
    expect(error.message).toContain('Try again later');
    expect(api.requests).toHaveLength(3);
  });
});

describe('a template in use', () => {
  it('is unbound first, also from a rule that came meanwhile', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const cloud = cloudOf(api);
    const [main] = api.templates.templates;
    let isLate = true;
    const racing: CloudApi = {
      call: async (action, parameters) => {
        if (action === 'DeleteLiveCallbackTemplate' && isLate) {
          isLate = false;
          api.templates.createRule('late.example.com', 'live', main?.id ?? 0);
        }
        return cloud.call(action, parameters);
      },
    };
    await provisionerOf(api, STATE, { api: racing }).destroy();
    expect(accountOf(api)).toEqual({ templates: [], rules: [] });
  });

  it('is reported with its rules when it stays in use', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    const error = 'FailedOperation.ConfInUsed';
    api.fail({ action: 'DeleteLiveCallbackTemplate', count: 9, effect: { error } });
    const thrown = await errorOf(provisionerOf(api, STATE, { attempts: 3 }).destroy());
    expect(thrown).toMatchObject({ cloudCode: error, failureClass: 'in-use' });
    expect(thrown.message).toContain('still in use by something that is no callback rule');
  });

  it('that is gone already counts as deleted', async () => {
    const api = await scratchApi();
    await provisionerOf(api).apply();
    for (const action of ['DeleteLiveCallbackTemplate', 'DeleteLiveCallbackRule']) {
      api.fail(dropped(action, 'after'));
    }
    await provisionerOf(api).destroy();
    expect(accountOf(api)).toEqual({ templates: [], rules: [] });
  });
});

describe('a run that is cut off', () => {
  const changed = {
    ...STATE,
    templates: {
      main: {
        ...STATE.templates['main'],
        events: ['stream-push', 'screenshot'],
        rules: [{ domain: 'push.example.com' }, { domain: 'push2.example.com' }],
      },
      third: { key: KEY, events: ['stream-push'], rules: [{ domain: 'push3.example.com' }] },
    },
  };

  it.each(['before', 'after'] as const)(
    'at any call, %s its effect, is repaired by the next one',
    async (when) => {
      const whole = await scratchApi();
      await provisionerOf(whole).apply();
      await provisionerOf(whole, changed).apply({ repoint: true });
      const expected = accountOf(whole);
      let cuts = 0;
      for (let at = 0; ; at++) {
        const api = await scratchApi();
        await provisionerOf(api).apply();
        let calls = 0;
        const cloud = cloudOf(api);
        const cutting: CloudApi = {
          call: async (action, parameters) => {
            if (calls++ === at) api.fail(dropped(action, when));
            else if (calls > at + 1) throw new Error('The process has ended');
            return cloud.call(action, parameters);
          },
        };
        const run = provisionerOf(api, changed, { api: cutting, attempts: 1 });
        const isCut = await run.apply({ repoint: true }).then(
          () => false,
          () => true,
        );
        if (isCut) cuts++;
        await provisionerOf(api, changed).apply({ repoint: true });
        expect(accountOf(api)).toEqual(expected);
        if (calls <= at) break;
      }
      expect(cuts).toBeGreaterThan(8);
    },
  );
});
