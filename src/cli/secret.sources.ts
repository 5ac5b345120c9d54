import { parseKeyList } from '../options/key-list.js';
import type { Terminal } from './terminal.js';

/** Variables that hold one secret. */
const SECRET_VARIABLES = [
  'LIVE_CALLBACK_URL_TOKEN',
  'LIVE_CALLBACK_ADMIN_TOKEN',
  'LIVE_CALLBACK_READ_TOKEN',
  'LIVE_CALLBACK_REVEAL_TOKEN',
  'TENCENTCLOUD_SECRET_KEY',
  'TENCENTCLOUD_TOKEN',
];
/** Options whose values are secret. */
const SECRET_OPTIONS = /^--(?:key|token)(?:=(.*))?$/s;

/** Hides what the environment and the command line hold, before anything can be shown. */
export function concealSecrets(terminal: Terminal, args: readonly string[]): void {
  const { env } = terminal;
  for (const name of SECRET_VARIABLES) terminal.conceal(env[name]?.trim());
  concealKeys(terminal, env['LIVE_CALLBACK_KEYS']);
  const database = env['DATABASE_URL'];
  if (database && URL.canParse(database)) {
    const { password } = new URL(database);
    terminal.conceal(password, decodeURIComponent(password));
  }
  args.forEach((argument, index) => {
    const match = SECRET_OPTIONS.exec(argument);
    if (match) concealKeys(terminal, match[1] ?? args[index + 1]);
  });
}

/** Hides each key of a list such as `key,domain=key`. */
export function concealKeys(terminal: Terminal, list: string | undefined): void {
  for (const key of parseKeyList(list ?? '')) {
    terminal.conceal(typeof key === 'string' ? key : key.key);
  }
}
