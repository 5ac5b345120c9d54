import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { OnApplicationShutdown } from '@nestjs/common';

import { DeclaredTemplates, KeyRingFile, TencentCloudApi } from '../cloud/index.js';
import { CloudApiServer, EMULATOR_CREDENTIAL } from '../emulator/index.js';

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
  private constructor(
    readonly templates: DeclaredTemplates,
    private readonly api: CloudApiServer,
  ) {}

  /** @param key with which the demo signs */
  static async open(baseUrl: string, key: string): Promise<DemoCloud> {
    const api = new CloudApiServer();
    const endpoint = await api.listen();
    const folder = mkdtempSync(join(tmpdir(), 'live-callback-demo-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'callbacks.yaml');
    writeFileSync(file, STATE.replace('BASE_URL', baseUrl), { mode: 0o600 });
    await new KeyRingFile(join(folder, 'keys.json')).write('main', { current: key });
    const way = new TencentCloudApi({ endpoint, credentials: EMULATOR_CREDENTIAL });
    return new DemoCloud(new DeclaredTemplates({ file, api: way }), api);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.api.close();
  }
}
