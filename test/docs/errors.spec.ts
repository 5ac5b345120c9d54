/**
 * docs/errors.md names every error of the module, with the code and the entry point that the code has.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import * as broker from '../../src/broker/index.js';
import * as bullmq from '../../src/bullmq/index.js';
import { CliError, UsageError } from '../../src/cli/cli.error.js';
import { LiveCallbackError } from '../../src/common/live-callback.error.js';
import * as liveConsole from '../../src/console/index.js';
import * as emulator from '../../src/emulator/index.js';
import * as root from '../../src/index.js';
import * as cloud from '../../src/cloud/index.js';
import * as telemetry from '../../src/telemetry/index.js';
import * as testing from '../../src/testing/index.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const TABLES = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

const ENTRIES: Record<string, object> = {
  'nestjs-live-callback': root,
  'nestjs-live-callback/bullmq': bullmq,
  'nestjs-live-callback/broker': broker,
  'nestjs-live-callback/cloud': cloud,
  'nestjs-live-callback/telemetry': telemetry,
  'nestjs-live-callback/console': liveConsole,
  'nestjs-live-callback/emulator and nestjs-live-callback/testing': { ...emulator, ...testing },
  'The command line': { CliError, UsageError },
};

/** `Class code` of each row below a heading. */
function rowsBelow(heading: string): string[] {
  const section = TABLES.split('\n## ').find(
    (part) => part.slice(0, part.indexOf('\n')).replaceAll('`', '') === heading,
  );
  return [...(section ?? '').matchAll(/^\| `([a-z-]+)` +\| `(\w+)`/gm)].map(
    ([, code, name]) => `${name} ${code}`,
  );
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(`${SRC}/${name}`, 'utf8'));

/** Every class of an error, with the code that its body declares. */
const declared = sources.flatMap((text) =>
  [...text.matchAll(/class (\w+) extends \w*(?:Error|Fault)\b[^]*?\n\}/g)].map(([body, name]) => {
    const [, code] = /readonly code(?:: string)? = '([a-z-]+)'/.exec(body) ?? [];
    return { name, row: `${name} ${code}` };
  }),
);

describe('the table of errors', () => {
  it.each(Object.keys(ENTRIES))('names what %s exports', (heading) => {
    const exported = Object.entries(ENTRIES[heading] as object)
      .filter(([, value]) => (value as Partial<Function>)?.prototype instanceof LiveCallbackError)
      .map(([name]) => declared.find((error) => error.name === name)?.row ?? name);
    expect(exported).not.toEqual([]);
    expect(rowsBelow(heading).toSorted()).toEqual(exported.toSorted());
  });

  it('names every error of the sources, each with a code of its own', () => {
    const rows = Object.keys(ENTRIES).flatMap(rowsBelow);
    const errors = declared.filter(({ name }) => name !== 'LiveCallbackError');
    expect(rows.toSorted()).toEqual(errors.map(({ row }) => row).toSorted());
    const codes = rows.map((row) => row.split(' ')[1]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('is about one family', () => {
    const strangers = sources.flatMap((text) => text.match(/class \w+ extends Error\b/g) ?? []);
    expect(strangers).toEqual(['class LiveCallbackError extends Error']);
  });
});

describe('an error of the module', () => {
  it('carries code, name, message and cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new root.StorageUnavailableError('storage-away', { cause });
    expect(error).toBeInstanceOf(root.LiveCallbackError);
    expect(error).toMatchObject({
      name: 'StorageUnavailableError',
      code: 'storage-unavailable',
      reason: 'storage-away',
      message: 'The database of the callbacks does not answer.',
      cause,
    });
  });
});
