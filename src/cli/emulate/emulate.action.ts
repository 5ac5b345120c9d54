import { once } from 'node:events';
import { createInterface } from 'node:readline';

import {
  CloudApiServer,
  CssEmulator,
  fixedTarget,
  RETRY_PROFILES,
  shortenProfile,
  SystemClock,
  TemplateStore,
  VirtualClock,
  type RetryProfile,
  type TemplateDirectory,
} from '../../emulator/index.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import { keyFor, keysOf, routeUrl, tokenOf } from '../receiver.options.js';
import type { Terminal } from '../terminal.js';
import { attemptForPrograms, formatAttempt } from './attempt.format.js';
import type { EmulateOptions } from './emulate.options.js';
import { readScript } from './script.file.js';
import { parseStep, type Step } from './step.parser.js';
import { StepRunner } from './step.runner.js';

/** Runs both sides of CSS until the script, the prompt or the user ends. */
export async function emulate(options: EmulateOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const script = options.script === undefined ? null : await readScript(options.script);
  const clock = options.virtual ? new VirtualClock() : new SystemClock();
  const templates = new TemplateStore(() => clock.now());
  const emulator = new CssEmulator({
    directory: directoryOf(options, templates, terminal),
    clock,
    profile: profileOf(options),
    resign: options.resign,
    onAttempt: (attempt) => {
      if (options.json) terminal.jsonLine(attemptForPrograms(attempt));
      else terminal.line(formatAttempt(attempt));
    },
  });
  const api: CloudApiServer = new CloudApiServer({
    port: options.port,
    templates,
    history: emulator,
    now: () => clock.now(),
    trigger: (event) => told(event),
  });
  const runner = new StepRunner({ emulator, api, signal });
  const told = async (event: unknown) => {
    try {
      return { lines: await runner.run(parseStep((event as { step?: unknown }).step)) };
    } catch (error) {
      // Anything else would be taken for a failure of the emulator.
      throw error instanceof Error ? new TypeError(error.message) : error;
    }
  };
  await listen(api, options.port);
  try {
    terminal.note(`API of the emulated CSS: ${api.url}`);
    if (script) {
      await runScript(script, runner, context);
      if (!options.stay || context.exitCode !== EXIT.ok) return;
    }
    if (!script && terminal.isInteractive) await prompt(runner, context);
    else await untilAborted(signal);
  } finally {
    await emulator.close();
    await api.close();
    const attempts = emulator.attempts();
    if (script && attempts.some((one) => !one.isAcknowledged && one.nextAttemptAt === null)) {
      context.exitCode = EXIT.failed;
    }
  }
}

/** Rules come first; what is bound to none goes to --url. */
function directoryOf(
  { url, keyEnv }: EmulateOptions,
  templates: TemplateStore,
  terminal: Terminal,
): TemplateDirectory {
  if (url === undefined) return templates;
  const keys = keysOf({ keyEnv }, terminal);
  const baseUrl = routeUrl(new URL(url), undefined, tokenOf({}, terminal)).href;
  const targetOf: TemplateDirectory['targetOf'] = (domain, appName) => {
    const key = keyFor(keys, domain.toLowerCase(), keyEnv);
    return (
      templates.targetOf(domain, appName) ?? fixedTarget({ key, baseUrl }).targetOf(domain, appName)
    );
  };
  // Missing keys are told now, and not when the first stream is pushed.
  if (keys.length === 0) targetOf('', '');
  return { targetOf };
}

function profileOf({ profile: name, faster }: EmulateOptions): RetryProfile {
  const profile = Object.hasOwn(RETRY_PROFILES, name)
    ? RETRY_PROFILES[name as keyof typeof RETRY_PROFILES]
    : undefined;
  if (!profile) {
    throw new UsageError(
      `There is no profile "${name}". Profiles: ${Object.keys(RETRY_PROFILES).join(', ')}.`,
    );
  }
  if (faster === undefined) return profile;
  // The receiver is as slow as ever.
  return { ...shortenProfile(profile, faster), timeoutMs: profile.timeoutMs };
}

async function listen(api: CloudApiServer, port: number): Promise<void> {
  try {
    await api.listen();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw new CliError(message, { cause: error });
    throw new CliError(`Port ${port} is taken: choose another with --port, or --port 0.`);
  }
}

async function runScript(steps: readonly Step[], runner: StepRunner, context: CliContext) {
  for (const [index, step] of steps.entries()) {
    if (context.signal.aborted) break;
    try {
      for (const line of await runner.run(step)) context.terminal.note(line);
    } catch (error) {
      if (context.signal.aborted) break;
      throw new CliError(`Step ${index + 1} (${step.verb}): ${(error as Error).message}`);
    }
  }
  if (context.signal.aborted) context.exitCode = EXIT.failed;
}

async function prompt(runner: StepRunner, { terminal, signal }: CliContext): Promise<void> {
  const { stdin: input, stderr: output } = terminal.streams;
  const reader = createInterface({ input, output, prompt: '> ' });
  const end = () => reader.close();
  signal.addEventListener('abort', end, { once: true });
  // In a terminal Ctrl-C comes as a key.
  reader.once('SIGINT', end);
  terminal.note('Steps: "help" lists them, "exit" ends.');
  reader.prompt();
  for await (const line of reader) {
    if (line.trim() === 'exit') break;
    try {
      if (line.trim() !== '') {
        for (const said of await runner.run(parseStep(line))) terminal.note(said);
      }
    } catch (error) {
      terminal.note((error as Error).message);
    }
    reader.prompt();
  }
  reader.close();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
