import { constants, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { plural } from '../plural.js';
import type { ExportOptions } from './audit.options.js';
import { checkedFilter } from './checked-filter.js';
import { openAuditDatabase } from './open-audit.js';

/** Writes callbacks as NDJSON, as fast as the reader takes them. */
export async function exportCallbacks(options: ExportOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const { output, exact = false } = options;
  if (exact && output === undefined) {
    throw new UsageError('--exact shows signatures, so it writes to a file only: add --output.');
  }
  const filter = checkedFilter(options);
  const audit = await openAuditDatabase(terminal);
  let count = 0;
  async function* lines() {
    for await (const callback of audit.export(filter, exact)) {
      const line = JSON.stringify(callback);
      yield `${exact ? line : terminal.printable(line)}\n`;
      count++;
      terminal.progress(plural(count, 'callback'));
    }
  }
  try {
    const source = Readable.from(lines());
    if (output === undefined) {
      await pipeline(source, terminal.streams.stdout, { signal, end: false });
    } else {
      await writeWhole(source, output, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError(`Ended after ${plural(count, 'callback')}; the export is not complete.`);
  } finally {
    await audit.close();
  }
  terminal.note(
    `Exported ${plural(count, 'callback')}${output === undefined ? '' : ` to ${output}`}.`,
  );
}

/** A file of its own: one that is there, or a link, may belong to somebody else. */
const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** A file that is cut off must not pass for a whole one. */
async function writeWhole(source: Readable, path: string, signal: AbortSignal): Promise<void> {
  const partial = `${path}.partial`;
  // The types of Node have the flags of a stream as a text alone.
  const flags = NEW_FILE as unknown as string;
  try {
    await pipeline(source, createWriteStream(partial, { flags, mode: 0o600, flush: true }), {
      signal,
    });
    await rename(partial, path);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CliError(
        `${partial} is there already: another export writes it, or one was cut off. Remove it then.`,
        { cause: error },
      );
    }
    await rm(partial, { force: true });
    if (!['open', 'write', 'fsync', 'close', 'rename'].includes(syscall ?? '')) throw error;
    throw new CliError(`${path} cannot be written (${code}).`, { cause: error });
  }
}
