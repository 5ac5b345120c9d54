import { EXIT, type ExitCode } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** What every command gets. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Aborted when the user ends the command. */
  readonly signal: AbortSignal;
  /** How the command ends unless it throws. */
  exitCode: ExitCode;
}

/** A context that ends well unless told otherwise. */
export function createContext(terminal: Terminal, signal: AbortSignal): CliContext {
  return { terminal, signal, exitCode: EXIT.ok };
}
