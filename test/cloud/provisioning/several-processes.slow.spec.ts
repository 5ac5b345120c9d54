/**
 * Provisioning by real processes that come at the same time, or are killed on the way: the receivers,
 * which read the key ring, accept what the cloud signs with at every moment.
 */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, inject, it } from 'vitest';

import type { CloudApiServer } from '../../../src/emulator/api/index.js';
import { KeyRingFile, loadState } from '../../../src/cloud/index.js';
import { scratchApi } from '../../emulator/api-support.js';
import { onTestFinished } from '../../support/current-test.js';
import { provisionerOf, scratchFolder } from './provisioning-support.js';

const KILLER = fileURLToPath(new URL('kill-at-step.mjs', import.meta.url));
// As many as show a race in minutes are for .ci/full.
const PAIRS = process.env['TIMED'] ? 40 : 8;

const built = inject('builtPackage');
const keysOf = (api: CloudApiServer) =>
  api.templates.templates.map(({ fields }) => fields.CallbackKey ?? '');
const acceptedBy = (keyFile: string) =>
  new KeyRingFile(keyFile).resolver()({ domain: null, appId: null });

/** A process that does to a key file what it is sent, and answers how that ended. */
function startWorker(url: string): ChildProcess {
  const path = join(scratchFolder(), 'worker.mjs');
  writeFileSync(
    path,
    `import { LiveCallbackProvisioner, TencentCloudApi } from '${built.folder}/dist/cloud/index.js';
     import { EMULATOR_CREDENTIAL } from '${built.folder}/dist/emulator/index.js';
     const api = new TencentCloudApi({ endpoint: '${url}', credentials: EMULATOR_CREDENTIAL });
     process.on('message', async ({ keyFile, work }) => {
       const templates = { main: { events: ['stream-push'], rules: [{ domain: 'push.example.com' }] } };
       const state = { stack: 'shop', baseUrl: 'https://live.example.com', keyFile, templates };
       const provisioner = new LiveCallbackProvisioner({ state, api });
       const run = work === 'apply' ? provisioner.apply() : provisioner.rotateKey('main');
       process.send(await run.then(() => 'done', (error) => String(error)));
     });`,
  );
  const worker = fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  onTestFinished(() => void worker.kill('SIGKILL'));
  return worker;
}

async function ask(worker: ChildProcess, keyFile: string, work: string): Promise<unknown> {
  const answer = once(worker, 'message');
  worker.send({ keyFile, work });
  return (await answer)[0] as unknown;
}

describe('two processes at once', () => {
  it(`that apply first make one template with a key that is accepted (${PAIRS} pairs)`, async () => {
    const api = await scratchApi();
    const workers = [startWorker(api.url), startWorker(api.url)];
    for (let pair = 0; pair < PAIRS; pair++) {
      api.wipe();
      const keyFile = join(scratchFolder(), 'keys.json');
      const ends = await Promise.all(workers.map((worker) => ask(worker, keyFile, 'apply')));
      expect(ends).toEqual(['done', 'done']);
      expect(keysOf(api)).toHaveLength(1);
      expect(await acceptedBy(keyFile)).toEqual(keysOf(api));
    }
  }, 240_000);

  it(`that rotate a key leave the one that the cloud has accepted (${PAIRS} pairs)`, async () => {
    const api = await scratchApi();
    const workers = [startWorker(api.url), startWorker(api.url)];
    const keyFile = join(scratchFolder(), 'keys.json');
    expect(await ask(workers[0]!, keyFile, 'apply')).toBe('done');
    const seen = new Set(keysOf(api));
    for (let pair = 0; pair < PAIRS; pair++) {
      const ends = await Promise.all(workers.map((worker) => ask(worker, keyFile, 'rotate')));
      expect(ends).toEqual(['done', 'done']);
      const [key = ''] = keysOf(api);
      expect(seen).not.toContain(key);
      seen.add(key);
      const entry = await new KeyRingFile(keyFile).read('main');
      expect(entry).toMatchObject({ current: key });
      expect(entry?.next).toBeUndefined();
      // Each of the two has given the template a key, and the one in between is accepted, too.
      expect(entry?.retiring).toHaveLength(2 * (pair + 1));
    }
  }, 240_000);

  it('on two machines with a key ring each make one template with a key that both accept', async () => {
    const api = await scratchApi();
    const workers = [startWorker(api.url), startWorker(api.url)];
    for (let pair = 0; pair < PAIRS; pair++) {
      api.wipe();
      const keyFiles = [join(scratchFolder(), 'keys.json'), join(scratchFolder(), 'keys.json')];
      const ends = await Promise.all(workers.map((one, n) => ask(one, keyFiles[n]!, 'apply')));
      expect(ends).toEqual(['done', 'done']);
      expect(keysOf(api)).toHaveLength(1);
      for (const keyFile of keyFiles) {
        expect(await acceptedBy(keyFile)).toEqual(expect.arrayContaining(keysOf(api)));
      }
    }
  }, 240_000);
});

describe.each(['apply', 'rotate-key'])('a process that is killed at any step of %s', (command) => {
  it('leaves accepted what the cloud has, and the next one no wait', async () => {
    let steps = 0;
    for (let isKilled = true; isKilled; steps++) {
      const api = await scratchApi();
      const folder = scratchFolder();
      const stateFile = join(folder, 'state.yaml');
      const keyFile = join(folder, 'keys.json');
      writeFileSync(
        stateFile,
        'stack: shop\nbaseUrl: https://live.example.com\nkeyFile: keys.json\n' +
          'templates: { main: { events: [stream-push], rules: [{ domain: push.example.com }] } }\n',
      );
      const run = (work: string, killAt?: number) =>
        new Promise<string | null>((resolve) => {
          const args = work === 'apply' ? [work] : [work, 'main'];
          const preload = killAt === undefined ? [] : ['--import', KILLER];
          const options = ['--state', stateFile, '--endpoint', api.url];
          const child = execFile(
            process.execPath,
            [...preload, built.cli, 'template', ...args, ...options],
            { env: { ...process.env, KILL_AT: String(killAt) } },
          );
          child.on('exit', (code, signal) => resolve(signal ?? String(code)));
        });
      if (command === 'rotate-key') await provisionerOf(api, await loadState(stateFile)).apply();
      const end = await run(command, steps);
      isKilled = end === 'SIGKILL';
      expect(['0', 'SIGKILL']).toContain(end);
      // Before the first key there is no file, and nothing in the cloud.
      const accepted = keysOf(api).length > 0 ? await acceptedBy(keyFile) : [];
      expect(accepted).toEqual(expect.arrayContaining(keysOf(api)));
      const startedAt = performance.now();
      expect(await run(command)).toBe('0');
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect(keysOf(api)).toHaveLength(1);
      const entry = await new KeyRingFile(keyFile).read('main');
      expect(entry).toMatchObject({ current: keysOf(api)[0] });
      expect(entry?.next).toBeUndefined();
    }
    expect(steps).toBeGreaterThan(12);
  }, 300_000);
});
