import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { livenessOf, thisProcess, type LockOwner } from './lock.owner.js';
import { CloudError } from '../api/cloud.error.js';

/** Times of a lock, ms. */
export interface LockTimes {
  /** How long to wait for the one who holds it. */
  readonly waitMs: number;
  /** After what silence an owner is taken for dead that cannot be looked at. */
  readonly silenceMs: number;
}

const TIMES: LockTimes = { waitMs: 60_000, silenceMs: 20_000 };
const HEARTBEAT_MS = 2_000;
const PAUSE_MS = 25;
/** How many turns of the past stay: more than can pass while one process reads the folder once. */
const KEPT = 8;
const FREE = 'free';

/**
 * One process at a time, also across machines that share the folder. A killed process leaves nothing
 * behind that anybody has to clear.
 *
 * A turn is a file with a number, made by a hard link: who makes the next number has the lock, so that
 * two who find the same owner dead cannot both take over. The latest turn is never removed, hence
 * numbers do not come again, and who made an old one late sees a later one beside it.
 */
export class FileLock {
  /** @param folder where turns are kept; made when it is not there, inside one that is */
  constructor(
    private readonly folder: string,
    private readonly times = TIMES,
  ) {}

  /**
   * Runs the work while nobody else has the lock.
   *
   * @throws CloudError `blocked` when another process keeps the lock, `invalid` when the folder
   *   cannot be used
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = await this.acquire().catch((error: unknown) => {
      throw error instanceof CloudError ? error : this.unusable(error);
    });
    const path = this.pathOf(turn);
    const heartbeat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => {}); // without it, at worst another machine takes over
    }, HEARTBEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(heartbeat);
      await writeFile(path, FREE).catch(() => {}); // the end of this process says the same
    }
  }

  private async acquire(): Promise<number> {
    await mkdir(this.folder, { mode: 0o700 }).catch(ignore('EEXIST'));
    const owner = JSON.stringify(thisProcess());
    const deadline = performance.now() + this.times.waitMs;
    const watch = new SilenceWatch(this.times.silenceMs);
    for (;;) {
      const latest = await this.latest();
      if (latest === 0 || (await this.isOver(latest, watch))) {
        if (await this.take(latest + 1, owner)) return latest + 1;
      }
      if (performance.now() > deadline) throw await this.held(latest);
      await delay(PAUSE_MS * (0.5 + Math.random()));
    }
  }

  /** @returns whether this process has the lock */
  private async take(turn: number, owner: string): Promise<boolean> {
    const draft = join(this.folder, `draft-${randomUUID()}`);
    await writeFile(draft, owner, { flag: 'wx', mode: 0o600 });
    try {
      await link(draft, this.pathOf(turn));
    } catch (error) {
      // The one who was quicker removes drafts.
      return ignore('EEXIST', 'ENOENT')(error) ?? false;
    } finally {
      await rm(draft, { force: true });
    }
    if ((await this.latest()) !== turn) {
      await rm(this.pathOf(turn), { force: true });
      return false;
    }
    for (const name of await readdir(this.folder)) {
      const isOld = name.startsWith('draft-') || Number(name) <= turn - KEPT;
      if (isOld) await rm(join(this.folder, name), { force: true });
    }
    return true;
  }

  private async isOver(turn: number, watch: SilenceWatch): Promise<boolean> {
    try {
      const owner = await this.ownerOf(turn);
      if (owner === FREE) return true;
      const liveness = owner ? livenessOf(owner) : 'unknown';
      if (liveness !== 'unknown') return liveness === 'dead';
      const { mtimeMs } = await stat(this.pathOf(turn));
      return watch.isSilent(`${turn} ${mtimeMs}`);
    } catch (error) {
      // Later turns have come, and this one was removed.
      return ignore('ENOENT')(error) ?? false;
    }
  }

  /** Undefined for a file that is half-written. */
  private async ownerOf(turn: number): Promise<LockOwner | typeof FREE | undefined> {
    const text = await readFile(this.pathOf(turn), 'utf8');
    if (text === FREE) return FREE;
    try {
      return JSON.parse(text) as LockOwner;
    } catch {
      return undefined;
    }
  }

  private async latest(): Promise<number> {
    const turns = (await readdir(this.folder)).map(Number).filter(Number.isSafeInteger);
    return Math.max(0, ...turns);
  }

  private pathOf(turn: number): string {
    return join(this.folder, String(turn));
  }

  private async held(turn: number): Promise<CloudError> {
    const owner = await this.ownerOf(turn).catch(() => undefined);
    const who =
      owner && owner !== FREE ? `process ${owner.pid} on ${owner.machine}` : 'another process';
    return new CloudError(
      'blocked',
      `Nothing was changed: ${who} holds the lock ${this.folder}. Wait for its end, then run again.`,
    );
  }

  private unusable(cause: unknown): CloudError {
    const { code } = cause as NodeJS.ErrnoException;
    return new CloudError(
      'invalid',
      `The lock ${this.folder} cannot be taken (${code}). It must be in a folder that this user may write to, on a disk that knows hard links.`,
      { cause },
    );
  }
}

/** Tells by its own clock how long a file has not changed: those of two machines may differ. */
class SilenceWatch {
  private seen = '';
  private since = 0;

  constructor(private readonly silenceMs: number) {}

  isSilent(state: string): boolean {
    const now = performance.now();
    if (state !== this.seen) {
      this.seen = state;
      this.since = now;
    }
    return now - this.since > this.silenceMs;
  }
}

function ignore(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(String((error as NodeJS.ErrnoException).code))) throw error;
  };
}
