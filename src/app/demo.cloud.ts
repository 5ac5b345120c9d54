import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { OnApplicationShutdown } from '@nestjs/common';

import {
  DeclaredTemplates,
  KeyRingFile,
  TencentCloudApi,
  type ReconciliationOptions,
} from '../cloud/index.js';
import { CloudApiServer, EMULATOR_CREDENTIAL, type StreamHistory } from '../emulator/index.js';
import { DEMO_STREAM } from './demo.session.js';

/** What the demo declares, and people may change in its console. */
const STATE = `# Declared for the demo; the key is in the key file.
stack: demo
baseUrl: BASE_URL
keyFile: keys.json
templates:
  main:
    events: [stream-push, stream-interrupt, record-file, screenshot, image-audit]
    rules:
      - domain: push.demo.example
`;

/** An account of the emulated cloud, with a declared state that is gone when the demo ends. */
export class DemoCloud implements OnApplicationShutdown {
  private history: StreamHistory | undefined;

  private constructor(
    readonly templates: DeclaredTemplates,
    /** How sessions are compared with it. */
    readonly reconciliation: ReconciliationOptions,
    private readonly api: CloudApiServer,
  ) {}

  /** @param key with which the demo signs */
  static async open(baseUrl: string, key: string): Promise<DemoCloud> {
    const history: StreamHistory = {
      sessions: () => cloud.history?.sessions() ?? [],
      attempts: () => cloud.history?.attempts() ?? [],
    };
    const api = new CloudApiServer({ history });
    const endpoint = await api.listen();
    const folder = mkdtempSync(join(tmpdir(), 'live-callback-demo-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'callbacks.yaml');
    writeFileSync(file, STATE.replace('BASE_URL', baseUrl), { mode: 0o600 });
    await new KeyRingFile(join(folder, 'keys.json')).write('main', { current: key });
    const account = { endpoint, credentials: EMULATOR_CREDENTIAL };
    const templates = new DeclaredTemplates({ file, api: new TencentCloudApi(account) });
    const { domain } = DEMO_STREAM;
    // What the demo loses is a minute old.
    const compared = { ...account, domains: [domain], settleSeconds: 10 };
    const cloud = new DemoCloud(templates, compared, api);
    return cloud;
  }

  /** What has happened, which the cloud knows from now on. */
  remember(history: StreamHistory): void {
    this.history = history;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.api.close();
  }
}
