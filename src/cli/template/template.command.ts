import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { parseUrl } from '../option.parsers.js';
import type {
  TemplateOptions,
  PlanningOptions,
  DestroyOptions,
  RotateOptions,
} from './template.options.js';

const EXAMPLES = `
Examples:
  live-callback template plan  --state callbacks.yaml
  live-callback template apply --state callbacks.yaml
  live-callback template apply --state callbacks.yaml --endpoint http://127.0.0.1:3100
  live-callback template drift --state callbacks.yaml --json
  live-callback template rotate-key main --state callbacks.yaml
  live-callback template destroy --state callbacks.yaml --yes

A state file:
  stack: shop
  baseUrl: https://live.example.com/live-callback
  keyFile: keys.json          # or key: \${LIVE_CALLBACK_KEY} in the template
  templates:
    main:
      events: [stream-push, stream-interrupt, record-file]
      rules:
        - domain: push.example.com

The API key of the account is read from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and
TENCENTCLOUD_TOKEN). A plain http endpoint can only be on this machine: it is taken for the emulator,
whose API key is known.`;

/** Adds the command `template`. */
export function registerTemplate(program: Command, context: CliContext): void {
  const template = program
    .command('template')
    .summary('callback templates and rules as code')
    .description('Makes the callback templates and rules of an account what a state file declares.')
    .addHelpText('after', EXAMPLES);

  addCommon(template.command('plan').description('What apply would do. Changes nothing.'))
    .option('--repoint', 'allow pointing own rules at another template: a gap without callbacks')
    .option('--take-over', 'allow taking over rules of others: a gap as well')
    .action(async (options: PlanningOptions) => {
      const { plan } = await import('./plan.action.js');
      await plan(options, context);
    });

  addCommon(template.command('apply').description('Makes it so. A second apply changes nothing.'))
    .option('--repoint', 'allow pointing own rules at another template: a gap without callbacks')
    .option('--take-over', 'allow taking over rules of others: a gap as well')
    .action(async (options: PlanningOptions) => {
      const { apply } = await import('./plan.action.js');
      await apply(options, context);
    });

  addCommon(
    template.command('destroy').description('Deletes the rules and templates of the stack.'),
  )
    .option('--yes', 'do not ask')
    .action(async (options: DestroyOptions) => {
      const { destroy } = await import('./destroy.action.js');
      await destroy(options, context);
    });

  addCommon(
    template
      .command('drift')
      .description('Who has changed what. Exit code 1 when account and state differ.'),
  ).action(async (options: TemplateOptions) => {
    const { drift } = await import('./drift.action.js');
    await drift(options, context);
  });

  addCommon(
    template
      .command('rotate-key')
      .description('Gives a template a new key; no callback is lost. Run again, it goes on.'),
  )
    .argument('<template>', 'id of the template in the state file')
    .option('--new-key-env <name>', 'variable that holds the new key (default: a new one is made)')
    .action(async (id: string, options: RotateOptions) => {
      const { rotateKey } = await import('./rotate-key.action.js');
      await rotateKey(id, options, context);
    });
}

function addCommon(command: Command): Command {
  return command
    .option('-s, --state <file>', 'state file, YAML or JSON', 'live-callback.yaml')
    .option('--endpoint <url>', 'the API (default: https://live.tencentcloudapi.com)', parseUrl)
    .option('--proxy <url>', 'HTTP proxy on the way to the API', parseUrl)
    .option('--json', 'print JSON');
}
