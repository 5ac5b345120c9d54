import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { DataSource, type DataSourceOptions } from 'typeorm';

const START_MS = 60_000;
const POLL_MS = 20;

/** The account that a server runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Finds a program of the machine. @throws Error when it is not installed */
export function programOf(name: string, folders: readonly string[] = []): string {
  const places = [...folders, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  const found = places.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is not on this machine: install the package that has it`);
  return found;
}

/** Servers refuse to run as root: then they get the account of their package. */
export function accountOf(user: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A new folder that belongs to the account. */
export function folderFor(account: Account | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-server-'));
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** A server of the harness's own, which it starts, stops, kills and pauses. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private readonly log: number;

  constructor(
    private readonly program: string,
    private readonly args: readonly string[],
    private readonly account: Account | undefined,
    folder: string,
    private readonly probe: () => Promise<unknown>,
  ) {
    this.log = openSync(join(folder, 'server.log'), 'a');
    process.once('exit', () => {
      if (this.isRunning) for (const pid of this.processes()) signalTo(pid, 'SIGKILL');
    });
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = spawn(this.program, this.args, {
      stdio: ['ignore', this.log, this.log],
      ...this.account,
    });
    this.child = child;
    await this.untilAnswers(child);
  }

  /** Orderly: what is committed is on the disk already, what is open is rolled back. */
  async stop(signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
    const child = this.child as ChildProcess;
    const exited = exitOf(child);
    child.kill(signal);
    await exited;
  }

  /** All of its processes at once, with no chance to end anything. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const child = this.child as ChildProcess;
    const exited = exitOf(child);
    const all = this.processes();
    for (const pid of all) signalTo(pid, 'SIGKILL');
    await exited;
    while (all.some((pid) => isAlive(pid))) await sleep(POLL_MS);
  }

  /** It keeps its connections and takes new ones, and answers nothing. */
  pause(): void {
    // The parent first, and only then who its children are: it could start further ones meanwhile.
    signalTo(this.child?.pid as number, 'SIGSTOP');
    for (const pid of this.processes()) signalTo(pid, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    for (const pid of this.processes()) signalTo(pid, 'SIGCONT');
    await this.untilAnswers(this.child as ChildProcess);
  }

  private get isRunning(): boolean {
    return (
      this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
    );
  }

  private processes(): number[] {
    const parent = this.child?.pid as number;
    return [parent, ...childrenOf(parent)];
  }

  private async untilAnswers(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_MS;
    for (;;) {
      try {
        await this.probe();
        return;
      } catch (error) {
        if (child.exitCode !== null || performance.now() > deadline) {
          throw new Error(`${this.program} did not start`, { cause: error });
        }
        await sleep(POLL_MS);
      }
    }
  }
}

/** Resolves when a database answers a statement. */
export async function askDatabase(options: DataSourceOptions): Promise<void> {
  const dataSource = await new DataSource(options).initialize();
  try {
    await dataSource.query('SELECT 1');
  } finally {
    await dataSource.destroy();
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent);
}

function parentOf(pid: number): number | null {
  try {
    // The name of the program, in brackets, may hold anything: the fields after it count.
    const [, parent] =
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(parent);
  } catch {
    return null; // it has ended meanwhile
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error; // it has ended meanwhile
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
