/**
 * The command as a process: exit codes, signals, a reader that goes away, and how little it loads.
 */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, inject, it } from 'vitest';

import { KEY } from '../support/application.js';
import { startReceiver } from '../support/callback-receiver.js';
import { expectNoSecrets } from './cli-support.js';

const exec = promisify(execFile);

describe('the command', () => {
  const built = inject('builtPackage');
  const env = { PATH: process.env['PATH'], LIVE_CALLBACK_KEYS: KEY };

  /** What a process that is run to its end has come to. */
  async function run(...args: string[]) {
    const running = exec(process.execPath, [built.cli, ...args], { env });
    const { stdout, stderr, code } = await running.then(
      (result) => ({ ...result, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    expectNoSecrets(stdout + stderr);
    return { stdout, stderr, code };
  }

  it('explains itself, and exits with 0', async () => {
    const { stdout, code } = await run('--help');
    expect(code).toBe(0);
    for (const name of ['send', 'emulate', 'tell', 'load', 'template', 'audit', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    expect(stdout).toContain('Exit codes: 0 done, 1 failed');
    const send = await run('send', '--help');
    expect(send.stdout.replaceAll(/\s+/g, ' ')).toContain('everybody on this machine can see it');
    expect(send.stdout).toContain('Examples:');
  });

  it('exits with 2 when it is misunderstood, with 1 when it fails, with 0 when it is done', async () => {
    const receiver = await startReceiver();
    const args = ['send', 'stream-push', '-u', receiver.url];
    expect((await run(...args, '--count', 'many')).code).toBe(2);
    expect((await run(...args)).code).toBe(0);
    receiver.respond = (response) => response.writeHead(503).end();
    expect((await run(...args)).code).toBe(1);
    expect(receiver.requests).toHaveLength(2);
  });

  it('ends without a word when its reader goes away', async () => {
    const receiver = await startReceiver();
    const pipe =
      '"$0" "$1" send stream-push -u "$2" --count 50 | head -n 1; echo "${PIPESTATUS[0]}"';
    const { stdout, stderr } = await exec(
      'bash',
      ['--norc', '-c', pipe, process.execPath, built.cli, receiver.url],
      { env },
    );
    expect(stdout).toMatch(/^stream-push .*\n0\n$/);
    expect(stderr).toBe('');
  });

  it('ends cleanly when it is interrupted', async () => {
    const child = spawn(process.execPath, [built.cli, 'emulate', '--port', '0'], { env });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await expect.poll(() => output, { timeout: 20_000 }).toContain('API of the emulated CSS');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });

  it('loads neither Nest nor a database driver to send a callback', async () => {
    const receiver = await startReceiver();
    const report =
      'process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));';
    const traced = `data:text/javascript,import{createRequire}from"node:module";const require=createRequire(${JSON.stringify(built.cli)});${report}`;
    const { stderr } = await exec(
      process.execPath,
      ['--import', traced, built.cli, 'send', 'stream-push', '-u', receiver.url],
      { env },
    );
    expect(stderr).toContain('commander');
    expect(stderr).not.toMatch(/typeorm|class-validator|better-sqlite3|reflect-metadata/);
  });
});
