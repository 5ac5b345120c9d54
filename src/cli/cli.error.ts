import { LiveCallbackError } from '../common/live-callback.error.js';

/** Ends a command with exit code 1. The message is all that is shown. */
export class CliError extends LiveCallbackError {
  readonly code: string = 'cli-failed';
}

/** Ends a command with exit code 2: the command line cannot be understood. */
export class UsageError extends CliError {
  override readonly code = 'cli-usage';
}
