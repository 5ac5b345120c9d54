/**
 * The tutorial, as a reader follows it: every command is run by a shell, in order, in an empty folder
 * with the built package, and shows what the tutorial says. Ports are the only thing that differs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import { freePort } from '../support/free-port.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TUTORIAL = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');

/** A command and what the tutorial shows after it. */
interface Shown {
  readonly command: string;
  readonly output: string;
}

/** The commands of a text, in order. */
function commandsOf(text: string): Shown[] {
  return [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...output] = part.trimEnd().split('\n');
        return { command, output: output.join('\n') };
      }),
  );
}

/** `…` stands for anything: on a line of its own for lines, else for part of one. */
function patternOf(output: string): RegExp {
  const source = output
    .split('\n')
    .map((line) => {
      if (line === '…') return '(?:.*\\n)*';
      const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return `${parts.join('.+')}\\n`;
    })
    .join('');
  return new RegExp(output === '' ? '' : `^${source}$`);
}

/** One shell that runs one command after the other, as a reader does. */
class Shell {
  private readonly shell: ChildProcess;
  private output = '';
  private count = 0;
  /** Leaders of the groups that run in the background. */
  private readonly jobs = new Set<number>();

  constructor(folder: string) {
    this.shell = spawn('bash', ['--norc'], {
      cwd: folder,
      detached: true,
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, NO_COLOR: '1', HOME: folder },
    });
    // With it a shell in a pipe has jobs, as one in a terminal does.
    this.shell.stdin?.write('set -m; exec 2>&1\n');
    this.shell.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Runs a command, and returns what it wrote and its exit code. */
  async run(command: string): Promise<{ output: string; code: number }> {
    const mark = `--- ${++this.count} `;
    const begin = this.output.length;
    this.shell.stdin?.write(`${command}\necho "${mark}$?" $(jobs -p)\n`);
    const end = new RegExp(`${mark}(\\d+)(.*)\\n`);
    const written = () => this.output.slice(begin);
    const find = () => end.exec(written());
    const [tail, code, jobs = ''] = await vi.waitUntil(find, { timeout: 40_000, interval: 20 });
    for (const pid of jobs.trim().split(' ').filter(Boolean)) this.jobs.add(Number(pid));
    return { output: written().slice(0, -tail.length), code: Number(code) };
  }

  end(): void {
    this.shell.kill('SIGKILL');
    for (const pid of this.jobs) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch (error) {
        // It has ended, as the tutorial tells it to.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

describe('the tutorial', () => {
  const built = inject('builtPackage');
  let folder: string;
  let shell: Shell;
  let tutorial: string;

  beforeAll(async () => {
    const [receiverPort, emulatorPort] = [await freePort(), await freePort()];
    tutorial = TUTORIAL.replaceAll('127.0.0.1:3000', `127.0.0.1:${receiverPort}`)
      .replaceAll('127.0.0.1:3100', `127.0.0.1:${emulatorPort}`)
      .replaceAll('--port 3100', `--port ${emulatorPort}`)
      .replaceAll('?? 3000', `?? ${receiverPort}`)
      .replaceAll('PORT=3000', `PORT=${receiverPort}`)
      .replaceAll(
        'live-callback tell',
        `live-callback tell --emulator http://127.0.0.1:${emulatorPort}`,
      );
    folder = mkdtempSync(join(tmpdir(), 'live-callback-tutorial-'));
    install();
    const file = (language: string) =>
      new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(tutorial)?.[1] ?? '';
    writeFileSync(join(folder, 'receiver.ts'), file('ts'));
    writeFileSync(join(folder, 'callbacks.yaml'), file('yaml'));
    shell = new Shell(folder);
  });

  /** As the tutorial's `npm install` leaves the folder, from the packages of the repository. */
  function install(): void {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    symlinkSync(built.folder, join(modules, 'nestjs-live-callback'));
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    symlinkSync(built.cli, join(modules, '.bin/live-callback'));
    symlinkSync(join(ROOT, 'node_modules/typescript/bin/tsc'), join(modules, '.bin/tsc'));
    // What npx comes to for an installed package, without half a second of npm for each command.
    mkdirSync(join(folder, 'bin'));
    writeFileSync(
      join(folder, 'bin/npx'),
      '#!/bin/sh\nc=$1; shift; exec "node_modules/.bin/$c" "$@"\n',
    );
    chmodSync(join(folder, 'bin/npx'), 0o755);
  }

  afterAll(() => {
    shell.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has commands', () => {
    expect(commandsOf(TUTORIAL).length).toBeGreaterThan(20);
  });

  it('runs from the first command to the last, and shows what it says', async () => {
    for (const { command, output: shown } of commandsOf(tutorial)) {
      const [, toRun] = /^sleep \d+; (.*)$/s.exec(command) ?? [];
      const run = async (text: string) => ({ command, ...(await shell.run(text)) });
      const once = toRun === undefined ? run(command) : undefined;
      const expected = { command, code: 0, output: expect.stringMatching(patternOf(shown)) };
      // Where a reader waits, it is asked again until it is so.
      const result = () => once ?? run(toRun ?? command);
      await expect.poll(result, { timeout: 15_000, interval: 200 }).toEqual(expected);
    }
    const { templates } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as {
      templates: { main: { current: string; retiring: { key: string }[] } };
    };
    const keys = [templates.main.current, ...templates.main.retiring.map(({ key }) => key)];
    const logs = readFileSync(join(folder, 'emulator.log'), 'utf8');
    for (const key of keys) expect(logs).not.toContain(key);
  }, 240_000);
});
