import { CommanderError } from 'commander';

import { AuditRequestError } from '../operations/audit-request.error.js';
import { createContext } from './cli.context.js';
import { CliError, UsageError } from './cli.error.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { createProgram } from './program.js';
import { concealSecrets } from './secret.sources.js';
import type { Terminal } from './terminal.js';

/**
 * Runs one command line.
 *
 * @param args what follows the name of the program
 * @returns the exit code; never rejects
 */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  concealSecrets(terminal, args);
  const context = createContext(terminal, signal);
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    terminal.note(describe(error));
    return isUsage(error) ? EXIT.usage : EXIT.failed;
  }
}

/** What cannot be asked of the audit service cannot be asked on a command line. */
function isUsage(error: unknown): boolean {
  return error instanceof UsageError || error instanceof AuditRequestError;
}

/** Errors that are meant for the user say what to do; others are for whoever mends the program. */
function describe(error: unknown): string {
  if (error instanceof CliError) return error.message;
  if (!(error instanceof Error)) return `It failed: ${String(error)}`;
  const isTold = error.name !== 'Error' && !(error instanceof TypeError);
  if (isTold || !error.stack) return error.message;
  return error.stack;
}
