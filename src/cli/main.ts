#!/usr/bin/env node
import { runCli } from './run-cli.js';
import { Terminal } from './terminal.js';

/** Exit code of a command that the user ended, by the convention of shells. */
const INTERRUPTED = 130;
/** How long a command may take to end when it is told to, ms. */
const END_MS = 5_000;

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(INTERRUPTED);
    ending.abort();
    setTimeout(() => process.exit(INTERRUPTED), END_MS).unref();
  });
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read it, such as `head`, has seen enough.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

process.exitCode = await runCli(
  process.argv.slice(2),
  new Terminal(process, process.env),
  ending.signal,
);
