import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';

import type { DataSourceOptions } from 'typeorm';
import { expect } from 'vitest';

import { runCli } from '../../src/cli/run-cli.js';
import { Terminal } from '../../src/cli/terminal.js';
import { EMULATOR_CREDENTIAL } from '../../src/emulator/index.js';
import { onTestFinished } from '../support/current-test.js';
import { KEY } from '../support/application.js';

export const ADMIN_TOKEN = 'AdminTokenOfTheCliTests';
export const URL_TOKEN = 'UrlTokenOfTheCliTests';
/** Nothing of this may ever be shown. */
export const SECRETS = [
  KEY,
  ADMIN_TOKEN,
  URL_TOKEN,
  'PasswordOfTheDatabase',
  'SecretKeyOfTheAccount',
  EMULATOR_CREDENTIAL.secretKey,
];

/** What a command has come to. */
export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON. */
  json(): unknown;
}

/** How a command is run. */
export interface CliOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Somebody sits there: answers are read from `stdin`. */
  readonly isTty?: boolean;
  readonly signal?: AbortSignal;
  /** Told of everything that is written, as it is. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command line in this process, and looks for secrets in all that it has written. */
export async function cli(
  args: readonly string[],
  { env = {}, stdin = '', isTty = false, signal, onOutput }: CliOptions = {},
): Promise<CliRun> {
  let stdout = '';
  let stderr = '';
  const sink = (keep: (text: string) => void) => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      keep(chunk.toString());
      onOutput?.(chunk.toString());
    });
    return Object.assign(stream, { isTTY: isTty });
  };
  const streams = {
    stdin: Object.assign(Readable.from([stdin]), { isTTY: isTty }),
    stdout: sink((text) => (stdout += text)),
    stderr: sink((text) => (stderr += text)),
  };
  const code = await runCli(args, new Terminal(streams, env), signal);
  // What a stream holds back is there a moment later.
  await new Promise((resolve) => setImmediate(resolve));
  expectNoSecrets(stdout + stderr);
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as unknown };
}

/** Looks for keys, tokens, passwords and signatures. */
export function expectNoSecrets(output: string): void {
  for (const secret of SECRETS) expect(output).not.toContain(secret);
  expect(output).not.toMatch(/sign\\*"\s*:\s*\\*"(?!\*\*\*)/);
}

/** A folder of the running test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** `DATABASE_URL` for connection options of the tests. */
export function databaseUrl(options: DataSourceOptions): string {
  if (options.type === 'better-sqlite3') return `sqlite:${options.database}`;
  const { type, host, port, username, password, database } = options as unknown as Record<
    string,
    string
  >;
  return `${type}://${username}:${password}@${host}:${port}/${database}`;
}

/** An HTTP server of the running test that answers anything. */
export async function startServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
