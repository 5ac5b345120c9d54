/** An account that is not as declared is told of while the application runs: by health report and alert. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import {
  DeclaredTemplates,
  LiveCallbackDriftModule,
  LiveCallbackProvisioner,
} from '../../../src/cloud/index.js';
import { TIME_SCALE, TimeScale } from '../../../src/common/time-scale.js';
import { CloudApiServer } from '../../../src/emulator/api/index.js';
import {
  LiveCallbackHealth,
  onLiveCallbackSignal,
  type LiveCallbackSignals,
} from '../../../src/index.js';
import { onTestFinished } from '../../support/current-test.js';
import { errorOfStart, scratchHost } from '../../support/scratch.js';
import { cloudOf, scratchFolder, STATE } from './provisioning-support.js';

const PATIENCE = { timeout: 15_000 };
/** Ten minutes in a second. */
const QUICK = { [TIME_SCALE]: new TimeScale(600) };

async function account() {
  const api = new CloudApiServer();
  await api.listen();
  onTestFinished(() => api.close());
  const provisioner = new LiveCallbackProvisioner({ state: STATE, api: cloudOf(api), attempts: 1 });
  return { api, provisioner };
}

function listen(): string[] {
  const heard: string[] = [];
  const hear = ({ alert, state, detail }: LiveCallbackSignals['alert']) =>
    heard.push([alert, state, detail].join(' ').trim());
  onTestFinished(onLiveCallbackSignal('alert', hear));
  return heard;
}

describe('while the application runs', () => {
  it('drift is told of when it begins and when somebody has put it right, and not while the cloud is away', async () => {
    const { api, provisioner } = await account();
    await provisioner.apply();
    const heard = listen();
    const host = await scratchHost({
      options: QUICK,
      module: { imports: [LiveCallbackDriftModule.register({ templates: provisioner })] },
    });
    const drift = async () => (await host.app.get(LiveCallbackHealth).report()).templateDrift;
    await expect.poll(drift, PATIENCE).toBe(0);

    const other = { ...STATE, templates: { main: STATE.templates['main']! } };
    await new LiveCallbackProvisioner({ state: other, api: cloudOf(api) }).apply();
    await expect.poll(drift, PATIENCE).toBeGreaterThan(0);
    const began = `template-drift begins ${await drift()} differences to what is declared.`;
    await expect.poll(() => heard, PATIENCE).toEqual([began]);

    api.fail({ action: '*', rate: 1, effect: { error: 'InternalError' } });
    await expect.poll(drift, PATIENCE).toBeNull();
    api.clearFaults();
    await expect.poll(drift, PATIENCE).toBeGreaterThan(0);
    expect(heard).toEqual([began]);

    await provisioner.apply();
    await expect.poll(() => heard, PATIENCE).toEqual([began, 'template-drift ends']);
    expect(await drift()).toBe(0);
  });

  it('what is declared in a file is read anew each time', async () => {
    const { api } = await account();
    const file = join(scratchFolder(), 'callbacks.yaml');
    const declare = (event: string) =>
      writeFileSync(
        file,
        `stack: shop\nbaseUrl: https://live.example.com\ntemplates:\n  main:\n    key: KeyForDocs2026abcd\n    events: [${event}]\n`,
      );
    declare('stream-push');
    const templates = new DeclaredTemplates({ file, api: cloudOf(api) });
    const { compared } = await templates.read();
    await templates.apply({ seen: compared!.seen }, 'Ada');
    const host = await scratchHost({
      options: QUICK,
      module: {
        imports: [LiveCallbackDriftModule.registerAsync({ useFactory: () => ({ templates }) })],
      },
    });
    const drift = async () => (await host.app.get(LiveCallbackHealth).report()).templateDrift;
    await expect.poll(drift, PATIENCE).toBe(0);
    declare('screenshot');
    await expect.poll(drift, PATIENCE).toBe(1);
  });
});

it('a registration that is not there stops the start', async () => {
  const { provisioner } = await account();
  const imports = [
    LiveCallbackDriftModule.register({ templates: provisioner, registration: 'tenant-b' }),
  ];
  expect(await errorOfStart(scratchHost({ module: { imports } }))).toMatchObject({
    message: expect.stringContaining('no registration "tenant-b"'),
  });
});
