/**
 * Key rotation: a running module that reads the key file accepts what the cloud signs with at every
 * moment of a rotation, also of one that was cut off; and the file in which keys are kept.
 */
import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { CloudApiServer } from '../../../src/emulator/api/index.js';
import {
  KeyRingFile,
  newCallbackKey,
  type CloudApi,
  type KeyRing,
  type ProvisioningState,
} from '../../../src/cloud/index.js';
import { signCallback, streamPushCallback } from '../../../src/testing/index.js';
import { scratchApi } from '../../emulator/api-support.js';
import { scratchHost } from '../../support/scratch.js';
import {
  cloudOf,
  dropped,
  errorOf,
  KEY,
  provisionerOf,
  scratchFolder,
  writesOf,
} from './provisioning-support.js';

const MINUTE = 60_000;

/** A declared state whose keys are in a file. */
function keptState(keyFile = join(scratchFolder(), 'keys.json')) {
  const state: ProvisioningState & { keyFile: string } = {
    stack: 'shop',
    baseUrl: 'https://live.example.com/live-callback',
    keyFile,
    templates: { main: { events: ['stream-push', 'record-status'] } },
  };
  return state;
}

const keyIn = (api: CloudApiServer) => api.templates.templates[0]?.fields.CallbackKey ?? '';

describe('a key that is kept in a file', () => {
  it('is made by the first apply, and stays', async () => {
    const api = await scratchApi();
    const state = keptState();
    const { steps } = await provisionerOf(api, state).apply();
    expect(steps).toHaveLength(1);
    const key = keyIn(api);
    expect(key).toMatch(/^[A-Za-z0-9]{31}[A-Za-z]$/);
    expect(await new KeyRingFile(state.keyFile).read('main')).toEqual({ current: key });
    expect(statSync(state.keyFile).mode & 0o777).toBe(0o600);
    expect((await provisionerOf(api, state).apply()).steps).toEqual([]);
    expect(keyIn(api)).toBe(key);
  });

  it('is kept before the cloud gets it, so that a run that is cut off does not lose it', async () => {
    const api = await scratchApi();
    const state = keptState();
    api.fail(dropped('CreateLiveCallbackTemplate', 'after'));
    await errorOf(provisionerOf(api, state, { attempts: 1 }).apply()).catch(() => {});
    const kept = await new KeyRingFile(state.keyFile).read('main');
    expect(kept).toEqual({ current: keyIn(api) });
    await provisionerOf(api, state).apply();
    expect(api.templates.templates).toHaveLength(1);
    expect(keyIn(api)).toBe(kept?.current);
  });

  it('is taken over from a template that had one declared', async () => {
    const api = await scratchApi();
    const state = keptState();
    const declared = { ...state, templates: { main: { ...state.templates['main'], key: KEY } } };
    await provisionerOf(api, declared).apply();
    const before = writesOf(api).length;
    expect((await provisionerOf(api, state).apply()).steps).toEqual([]);
    expect(writesOf(api)).toHaveLength(before);
    expect(await new KeyRingFile(state.keyFile).read('main')).toEqual({ current: KEY });
  });

  it('is put back when somebody has changed it in the cloud', async () => {
    const api = await scratchApi();
    const state = keptState();
    await provisionerOf(api, state).apply();
    const key = keyIn(api);
    api.templates.modifyTemplate(api.templates.templates[0]?.id ?? 0, { CallbackKey: 'Changed1' });
    await provisionerOf(api, state).apply();
    expect(keyIn(api)).toBe(key);
  });
});

describe('a rotation', () => {
  it('loses no callback: the module accepts both keys, and then the new one only', async () => {
    let time = Date.now();
    const now = () => time;
    const api = await scratchApi();
    const state = keptState();
    const provisioner = provisionerOf(api, state, { now });
    await provisioner.apply();
    const keys = new KeyRingFile(state.keyFile, now).resolver();
    const host = await scratchHost({ options: { keys, clock: now } });
    const statusWith = async (key: string) => {
      const signed = signCallback(streamPushCallback(), { key, clock: now });
      return (await host.send(signed)).status;
    };
    const old = keyIn(api);
    expect(await statusWith(old)).toBe(200);
    const { oldKeyUntil, template } = await provisioner.rotateKey('main');
    expect(template).toBe('main');
    expect(oldKeyUntil).toBe(time + 30 * MINUTE);
    const fresh = keyIn(api);
    expect(fresh).not.toBe(old);
    expect(await statusWith(old)).toBe(200);
    expect(await statusWith(fresh)).toBe(200);
    time += 30 * MINUTE - 1;
    expect(await statusWith(old)).toBe(200);
    time += 1;
    expect(await statusWith(old)).toBe(401);
    expect(await statusWith(fresh)).toBe(200);
    expect(await statusWith('NobodysKey123')).toBe(401);
    expect((await provisioner.plan()).steps).toEqual([]);
    expect(api.templates.templates[0]?.fields).toMatchObject({
      RecordStatusNotifyUrl: 'https://live.example.com/live-callback/record-status',
    });
  });

  it('tells its progress, and never a key', async () => {
    const api = await scratchApi();
    const lines: string[] = [];
    const state = keptState();
    const onProgress = (line: string) => lines.push(line);
    const provisioner = provisionerOf(api, state, { onProgress });
    await provisioner.apply();
    const old = keyIn(api);
    const result = await provisioner.rotateKey('main', 'TheNextKey2026');
    expect(keyIn(api)).toBe('TheNextKey2026');
    expect(lines.join('\n')).toContain('The template has the new key.');
    expect(lines.join('\n') + JSON.stringify(result)).not.toMatch(
      new RegExp(`${old}|TheNextKey2026`),
    );
  });

  it('accepts every key that is still on its way when it is done twice in a row', async () => {
    const api = await scratchApi();
    const state = keptState();
    const provisioner = provisionerOf(api, state);
    await provisioner.apply();
    const keys = [keyIn(api)];
    for (let time = 0; time < 2; time++) {
      await provisioner.rotateKey('main');
      keys.push(keyIn(api));
    }
    const accepted = await new KeyRingFile(state.keyFile).resolver()({ domain: null, appId: null });
    expect(new Set(accepted)).toEqual(new Set(keys));
  });

  it.each(['before', 'after'] as const)(
    'that is cut off at any step, %s its effect, is finished by the next call',
    async (when) => {
      let isWhole = false;
      for (let at = 0; !isWhole; at++) {
        const api = await scratchApi();
        const state = keptState();
        await provisionerOf(api, state).apply();
        const old = keyIn(api);
        let step = 0;
        /** Ends the process at one step: it does nothing more from there. */
        const cut = async <T>(run: () => Promise<T>): Promise<T> => {
          const isNow = step++ === at;
          if (step > at + 1 || (isNow && when === 'before')) throw new Error('Cut off');
          const result = await run();
          if (isNow) throw new Error('Cut off');
          return result;
        };
        const cloud = cloudOf(api);
        const file = new KeyRingFile(state.keyFile);
        const cutApi: CloudApi = {
          call: (action, parameters) => cut(() => cloud.call(action, parameters)),
        };
        const keyRing: KeyRing = {
          read: (template) => file.read(template),
          write: (template, entry) => cut(() => file.write(template, entry)),
        };
        const run = provisionerOf(api, state, { api: cutApi, keyRing }).rotateKey('main');
        isWhole = await run.then(
          () => true,
          () => false,
        );
        const accepted = file.resolver();
        const query = { domain: null, appId: null };
        expect(await accepted(query)).toContain(keyIn(api));
        // An apply in between neither undoes nor finishes it.
        const between = keyIn(api);
        await provisionerOf(api, state).apply();
        expect(keyIn(api)).toBe(between);
        const isFinished = (await file.read('main'))?.retiring !== undefined;
        if (!isFinished) await provisionerOf(api, state).rotateKey('main');
        expect(keyIn(api)).not.toBe(old);
        expect(await accepted(query)).toEqual([keyIn(api), old]);
        expect((await file.read('main'))?.next).toBeUndefined();
        expect(at).toBeLessThan(20);
      }
    },
  );

  it('that is not finished is noted in the plan', async () => {
    const api = await scratchApi();
    const state = keptState();
    await provisionerOf(api, state).apply();
    api.fail(dropped('ModifyLiveCallbackTemplate', 'before', 9));
    await errorOf(provisionerOf(api, state, { attempts: 2 }).rotateKey('main'));
    expect((await provisionerOf(api, state).plan()).notes).toEqual([
      'The rotation of the key of main is not finished: rotate the key again.',
    ]);
    const error = await errorOf(provisionerOf(api, state).rotateKey('main', 'AnotherKey2026'));
    expect(error.message).toContain('A rotation to another key is not finished');
  });

  it.each<
    [string, (state: ProvisioningState) => ProvisioningState, string, string | undefined, string]
  >([
    [
      'of a template that is not declared',
      (state) => state,
      'other',
      undefined,
      'other is not declared. Templates: main.',
    ],
    [
      'of a declared key',
      (state) => ({ ...state, templates: { main: { ...state.templates['main'], key: KEY } } }),
      'main',
      undefined,
      'Declare a "keyFile" instead of it',
    ],
    [
      'of a template that differs from its declaration',
      (state) => ({ ...state, templates: { main: { events: ['screenshot'] } } }),
      'main',
      undefined,
      'main differs from its declaration in StreamBeginNotifyUrl',
    ],
    [
      'to a key that is too short',
      (state) => state,
      'main',
      'short',
      'newKey must be 8 to 32 letters and digits, not "***" (5 characters).',
    ],
  ])('%s is refused', async (_name, change, template, newKey, problem) => {
    const api = await scratchApi();
    const state = keptState();
    await provisionerOf(api, state).apply();
    const before = writesOf(api).length;
    const error = await errorOf(provisionerOf(api, change(state)).rotateKey(template, newKey));
    expect(error.message).toContain(problem);
    expect(writesOf(api)).toHaveLength(before);
  });

  it.each([
    ['before the cloud is written', 0, 'blocked', 'Somebody else has changed the keys of main'],
    ['while the cloud is written', 1, 'unsettled', 'somebody else has changed the key ring'],
  ])(
    'during which another machine changes the ring %s stops, and what the cloud has is accepted',
    async (_name, after, reason, problem) => {
      const api = await scratchApi();
      const state = keptState();
      await provisionerOf(api, state).apply();
      const file = new KeyRingFile(state.keyFile);
      const cloud = cloudOf(api);
      // A ring without a lock, as on a disk that does not know one.
      const meddle = () => file.write('main', { current: 'KeyOfAnotherMachine' });
      const keyRing: KeyRing = {
        read: (template) => file.read(template),
        write: async (template, entry) => {
          await file.write(template, entry);
          if (after === 0 && entry.next !== undefined) await meddle();
        },
      };
      const meddling: CloudApi = {
        call: async (action, parameters) => {
          const result = await cloud.call(action, parameters);
          if (after === 1 && action === 'ModifyLiveCallbackTemplate') await meddle();
          return result;
        },
      };
      const writes = writesOf(api).length;
      const error = await errorOf(
        provisionerOf(api, state, { api: meddling, keyRing }).rotateKey('main'),
      );
      expect(error).toMatchObject({ reason });
      expect(error.message).toContain(problem);
      expect(writesOf(api)).toHaveLength(writes + after);
      const accepted = await file.resolver()({ domain: null, appId: null });
      expect(accepted).toEqual(expect.arrayContaining([keyIn(api), 'KeyOfAnotherMachine']));
    },
  );

  it('of a template whose key is not in the ring is refused, for the ring may be the wrong one', async () => {
    const api = await scratchApi();
    const [state, other] = [keptState(), keptState()];
    await provisionerOf(api, state).apply();
    await provisionerOf(api, other).apply();
    await provisionerOf(api, other).rotateKey('main');
    const error = await errorOf(provisionerOf(api, state).rotateKey('main'));
    expect(error.message).toContain('main has a key that is not in this key ring');
  });

  it('before the first apply is refused', async () => {
    const api = await scratchApi();
    const error = await errorOf(provisionerOf(api, keptState()).rotateKey('main'));
    expect(error.message).toBe('The account has 0 templates with the mark of main: apply first.');
  });
});

describe('a key file', () => {
  it.each<[string, string, string]>([
    ['is not JSON', `{"templates": {"main": {"current": "${KEY}"`, 'is not JSON'],
    ['is of another kind', '[]', 'has no "templates"'],
    ['lacks a key', '{"templates": {"main": {}}}', 'holds no usable keys for "main"'],
    [
      'has an old key for ever',
      `{"templates": {"main": {"current": "${KEY}", "retiring": [{"key": "x"}]}}}`,
      'holds no usable keys for "main"',
    ],
  ])('that %s stops everything, and is left as it is', async (_name, text, problem) => {
    const api = await scratchApi();
    const state = keptState();
    writeFileSync(state.keyFile, text);
    const error = await errorOf(provisionerOf(api, state).apply());
    expect(error.message).toContain(`The key file ${state.keyFile} ${problem}. Restore it`);
    expect(error.message).not.toContain(KEY);
    expect(readFileSync(state.keyFile, 'utf8')).toBe(text);
    expect(writesOf(api)).toEqual([]);
  });

  it('that cannot be written is told before the cloud is changed', async () => {
    const api = await scratchApi();
    const state = keptState(join(scratchFolder(), 'no-such-folder', 'keys.json'));
    const error = await errorOf(provisionerOf(api, state).apply());
    expect(error.message).toContain(`The key file ${state.keyFile} cannot be written (ENOENT).`);
    expect(writesOf(api)).toEqual([]);
  });

  it('that is a link, or in a folder where everybody may write, is not written to', async () => {
    const api = await scratchApi();
    const folder = scratchFolder();
    const target = join(folder, 'target');
    writeFileSync(target, '{"templates": {}}');
    const state = keptState(join(folder, 'keys.json'));
    symlinkSync(target, state.keyFile);
    const linked = await errorOf(provisionerOf(api, state).apply());
    expect(linked.message).toContain('it is a symbolic link: give the path of the file itself');
    rmSync(state.keyFile);
    chmodSync(folder, 0o777);
    const open = await errorOf(provisionerOf(api, state).apply());
    expect(open.message).toContain('everybody may write to its folder');
    expect(readFileSync(target, 'utf8')).toBe('{"templates": {}}');
    expect(writesOf(api)).toEqual([]);
  });

  it('that others may read becomes one of its owner alone with the next run', async () => {
    const api = await scratchApi();
    const state = keptState();
    await provisionerOf(api, state).apply();
    chmodSync(state.keyFile, 0o666);
    await provisionerOf(api, state).apply();
    expect(statSync(state.keyFile).mode & 0o777).toBe(0o600);
  });

  it('that is missing refuses callbacks for now, so that CSS comes again', async () => {
    const file = new KeyRingFile(join(scratchFolder(), 'keys.json'));
    const host = await scratchHost({ options: { keys: file.resolver() } });
    const callback = signCallback(streamPushCallback(), { key: KEY });
    expect((await host.send(callback)).status).toBe(503);
    await file.write('main', { current: KEY });
    expect((await host.send(callback)).status).toBe(200);
  });

  it('may hold keys that nobody else would make', () => {
    const keys = new Set(Array.from({ length: 100 }, newCallbackKey));
    expect(keys.size).toBe(100);
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9]{31}[A-Za-z]$/);
  });
});
