import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  EMULATOR_CREDENTIAL,
  type ApiFault,
  type CloudApiServer,
} from '../../../src/emulator/api/index.js';
import {
  LiveCallbackProvisioner,
  CloudError,
  TencentCloudApi,
  type LiveCallbackProvisionerOptions,
  type ProvisioningState,
  type TencentCloudApiOptions,
} from '../../../src/cloud/index.js';
import { onTestFinished } from '../../support/current-test.js';

export const KEY = 'KeyForDocs2026abcd';

/** Two templates and three rules. */
export const STATE: ProvisioningState = {
  stack: 'shop',
  baseUrl: 'https://live.example.com/live-callback/',
  templates: {
    main: {
      key: KEY,
      events: ['stream-push', 'stream-interrupt', 'record-file'],
      rules: [{ domain: 'Push.example.com' }, { domain: 'push.example.com', appName: 'show' }],
    },
    audit: {
      name: '直播-audit',
      description: 'Moderation',
      key: `${KEY}x`,
      events: ['image-audit', 'record-status', 'record-exception'],
      urls: { screenshot: 'http://pictures.example.com/in?secret=pictures' },
      recordExceptionLevels: ['error', 'warning'],
      rules: [{ domain: 'push2.example.com', appName: 'live' }],
    },
  },
};

/** The declared state with other fields in one template. */
export function stateWith(id: string, change: object, state = STATE): ProvisioningState {
  return {
    ...state,
    templates: { ...state.templates, [id]: { ...state.templates[id], ...change } },
  };
}

/** The SDK, pointed at the emulated API. */
export function cloudOf(
  api: CloudApiServer,
  options: Partial<TencentCloudApiOptions> = {},
): TencentCloudApi {
  return new TencentCloudApi({
    endpoint: api.url,
    credentials: EMULATOR_CREDENTIAL,
    ...options,
  });
}

/** A provisioner of the emulated account that does not wait long. */
export function provisionerOf(
  api: CloudApiServer,
  state: ProvisioningState = STATE,
  options: Partial<LiveCallbackProvisionerOptions> = {},
): LiveCallbackProvisioner {
  const { api: cloud = cloudOf(api) } = options;
  return new LiveCallbackProvisioner({ state, backoffMs: 1, ...options, api: cloud });
}

/** Names of the calls that changed something, or tried to, since the last time. */
export function writesOf(api: CloudApiServer): string[] {
  return api.requests
    .map(({ action }) => action)
    .filter((action) => !action.startsWith('Describe'));
}

/** The account without times, ids and what is unset. */
export function accountOf({ templates }: CloudApiServer): unknown {
  const nameOf = (id: number) => templates.template(id).fields.TemplateName;
  return {
    templates: templates.templates
      .map(({ fields }) => Object.entries(fields).filter(([, value]) => value.length > 0))
      .map((set) => Object.fromEntries(set.toSorted(byJson)))
      .toSorted(byJson),
    rules: templates.rules
      .map(({ domain, appName, templateId }) => [domain, appName, nameOf(templateId)])
      .toSorted(byJson),
  };
}

function byJson(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

/** The error that provisioning stops with; fails itself when it does not. */
export async function errorOf(work: Promise<unknown>): Promise<CloudError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CloudError) return error;
    throw error;
  }
  throw new Error('It succeeded');
}

/** A call that loses its connection, before or after its effect. */
export function dropped(action: string, when: ApiFault['when'], count = 1): ApiFault {
  return { action, when, count, effect: { drop: true } };
}

/** A folder of the test's own. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-provisioning-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
