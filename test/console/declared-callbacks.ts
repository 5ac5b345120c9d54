import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  DeclaredTemplates,
  KeyRingFile,
  LiveCallbackProvisioner,
  loadState,
  TencentCloudApi,
} from '../../src/cloud/index.js';
import { CloudApiServer, EMULATOR_CREDENTIAL } from '../../src/emulator/index.js';

/** Keys that nobody is to be shown. */
export const KEPT_KEY = 'KeptKeyOfTheMainTemplate01';
export const NEW_KEY = 'NewKeyOfATemplate2026';

const STATE = `# The callbacks of the shop
stack: shop
baseUrl: https://live.example.com/live-callback
keyFile: keys.json
templates:
  main: # what everybody needs
    events: [stream-push, stream-interrupt, record-file, screenshot]
    rules:
      - domain: push.example.com
      - domain: push.example.com
        appName: show
`;

/** What is declared besides, and not applied yet. */
const MORE = `  audit:
    name: 直播-audit
    description: Moderation
    key: \${AUDIT_KEY}
    events: [image-audit, record-exception]
    urls:
      screenshot: https://pictures.example.com/in?token=Sesame
`;

/** Callback templates that are declared, and an emulated account that has others. */
export interface Declared {
  readonly templates: DeclaredTemplates;
  readonly api: CloudApiServer;
  /** The state file. */
  readonly file: string;
  readonly close: () => Promise<void>;
}

/** One template is there, which somebody has renamed since; another one is not. */
export async function openDeclared(): Promise<Declared> {
  const api = new CloudApiServer();
  const endpoint = await api.listen();
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-declared-'));
  const file = join(folder, 'callbacks.yaml');
  writeFileSync(file, STATE);
  await new KeyRingFile(join(folder, 'keys.json')).write('main', { current: KEPT_KEY });
  api.templates.createTemplate({
    TemplateName: 'old-receiver',
    StreamBeginNotifyUrl: 'https://old.example.com/push',
  });
  const way = new TencentCloudApi({ endpoint, credentials: EMULATOR_CREDENTIAL });
  const env = { AUDIT_KEY: 'KeyOfTheAudit2026' };
  await new LiveCallbackProvisioner({ state: await loadState(file), api: way }).apply();
  const main = api.templates.templates.find(({ fields }) => fields.CallbackKey === KEPT_KEY);
  api.templates.modifyTemplate(main!.id, { TemplateName: 'renamed' });
  writeFileSync(file, STATE + MORE);
  return {
    templates: new DeclaredTemplates({ file, api: way, env }),
    api,
    file,
    close: async () => {
      await api.close();
      rmSync(folder, { recursive: true });
    },
  };
}
