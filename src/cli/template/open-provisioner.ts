import { EMULATOR_CREDENTIAL } from '../../emulator/index.js';
import {
  credentialsFromEnvironment,
  LiveCallbackProvisioner,
  loadState,
  TencentCloudApi,
} from '../../cloud/index.js';
import type { Terminal } from '../terminal.js';
import type { TemplateOptions } from './template.options.js';

/** The provisioner of a state file. Its progress goes to stderr. */
export async function openProvisioner(
  { state: path, endpoint, proxy }: TemplateOptions,
  terminal: Terminal,
): Promise<LiveCallbackProvisioner> {
  const state = await loadState(path, terminal.env);
  for (const { key } of Object.values(state?.templates ?? {})) {
    if (typeof key === 'string') terminal.conceal(key);
  }
  terminal.conceal(state?.urlToken);
  const isEmulator = endpoint?.startsWith('http://') === true;
  return new LiveCallbackProvisioner({
    state,
    api: new TencentCloudApi({
      credentials: isEmulator ? EMULATOR_CREDENTIAL : credentialsFromEnvironment(terminal.env),
      ...(endpoint !== undefined && { endpoint }),
      ...(proxy !== undefined && { proxy }),
    }),
    // Without a key file, runs on the same state file take turns.
    ...(state?.keyFile === undefined && { lockFolder: `${path}.lock` }),
    onProgress: (line) => terminal.note(line),
  });
}
