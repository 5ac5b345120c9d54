import { readFileSync } from 'node:fs';

import { Command } from 'commander';

import { registerAudit } from './audit/audit.command.js';
import type { CliContext } from './cli.context.js';
import { registerDoctor } from './doctor/doctor.command.js';
import { registerEmulate } from './emulate/emulate.command.js';
import { registerTell } from './emulate/tell.command.js';
import { registerListeners } from './listeners/listeners.command.js';
import { registerLoad } from './load/load.command.js';
import { registerReconcile } from './reconcile/reconcile.command.js';
import { registerSessions } from './sessions/sessions.command.js';
import { registerSend } from './send/send.command.js';
import { registerTemplate } from './template/template.command.js';

const EPILOGUE = `
Environment:
  LIVE_CALLBACK_URL          base URL of the callback routes, instead of --url
  LIVE_CALLBACK_KEYS         callback keys, comma separated; domain=key binds one to a push domain
  LIVE_CALLBACK_URL_TOKEN    secret of the callback URL, if the module expects one
  LIVE_CALLBACK_ADMIN_TOKEN  bearer token of the audit API
  DATABASE_URL               sqlite:PATH, postgres://… or mysql://…
  LIVE_CALLBACK_REGISTRATION name of the registration whose callbacks are asked for there (default: default)
  TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY   API key of the account, for "template" and "reconcile"

Exit codes: 0 done, 1 failed or found something broken, 2 the command line is not understood.
No key, sign or token is ever shown.`;

/** All commands. What they need is loaded when they run. */
export function createProgram(context: CliContext): Command {
  const { terminal } = context;
  const program = new Command('live-callback')
    .description('Sends, emulates, provisions and examines the event callbacks of CSS.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.text(text.trimEnd()),
      // An option that was mistyped may carry a secret behind its "=".
      writeErr: (text) => terminal.note(text.trimEnd().replace(/'(--?[\w-]+)=[^']*'/g, "'$1'")),
    })
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText('after', EPILOGUE);
  registerSend(program, context);
  registerEmulate(program, context);
  registerTell(program, context);
  registerLoad(program, context);
  registerTemplate(program, context);
  registerAudit(program, context);
  registerListeners(program, context);
  registerSessions(program, context);
  registerReconcile(program, context);
  registerDoctor(program, context);
  return program;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
