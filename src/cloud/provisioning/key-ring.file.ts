import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { folderProblem, makePrivate } from '../../common/private-file.js';
import { ASK_EACH_TIME } from '../../options/key.config.js';
import type { CallbackKeyResolver } from '../../options/live-callback.options.js';
import { FileLock } from './file.lock.js';
import { acceptedKeys, type KeyRing, type KeyRingEntry } from './key-ring.js';
import { CloudError } from '../api/cloud.error.js';

type Entries = Record<string, KeyRingEntry>;

/**
 * Callback keys in a JSON file, which the provisioner writes and the module reads.
 *
 * @example
 * ```ts
 * LiveCallbackModule.forRoot({ keys: new KeyRingFile('/etc/live/keys.json').resolver() });
 * ```
 */
export class KeyRingFile implements KeyRing {
  private cache: { version: string; entries: Entries } | undefined;
  private readonly lock: FileLock;

  /**
   * @param path of the file; made, readable for its owner only, when the first key is. Processes that
   *   change it take turns by the folder `<path>.lock` beside it
   */
  constructor(
    private readonly path: string,
    private readonly now: () => number = Date.now,
  ) {
    this.lock = new FileLock(`${path}.lock`);
  }

  async read(template: string): Promise<KeyRingEntry | undefined> {
    const entries = (await this.load()) ?? {};
    return Object.hasOwn(entries, template) ? entries[template] : undefined;
  }

  async write(template: string, entry: KeyRingEntry): Promise<void> {
    await this.exclusively((ring) => ring.write(template, entry));
  }

  /** @throws CloudError also when another process changes the file, and does not end */
  async exclusively<T>(work: (ring: KeyRing) => Promise<T>): Promise<T> {
    try {
      const problem = folderProblem(this.path);
      if (problem) throw new Error(problem);
      makePrivate(this.path, false);
    } catch (error) {
      throw this.inaccessible('written', error);
    }
    return this.lock.run(() =>
      work({
        read: (template) => this.read(template),
        write: (template, entry) => this.put(template, entry),
      }),
    );
  }

  private async put(template: string, entry: KeyRingEntry): Promise<void> {
    const entries = { ...(await this.load()), [template]: entry };
    await this.replace(`${JSON.stringify({ templates: entries }, null, 2)}\n`);
    this.cache = undefined;
  }

  /**
   * For the module's option `keys`: the keys of every template in the file, at any time. A rotation
   * needs no restart then.
   */
  resolver(): CallbackKeyResolver {
    const resolve = async () => {
      const entries = await this.load();
      if (!entries) throw new CloudError('invalid', `${this.path} does not exist.`);
      return Object.values(entries).flatMap((entry) => acceptedKeys(entry, this.now()));
    };
    return Object.assign(resolve, { [ASK_EACH_TIME]: true });
  }

  /** Undefined when there is no file. */
  private async load(): Promise<Entries | undefined> {
    const version = await this.version();
    if (version === undefined) return undefined;
    if (this.cache?.version !== version) {
      this.cache = { version, entries: this.parse(await this.text()) };
    }
    return this.cache.entries;
  }

  private async version(): Promise<string | undefined> {
    try {
      const { ino, size, mtimeNs } = await stat(this.path, { bigint: true });
      return `${ino} ${size} ${mtimeNs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.inaccessible('read', error);
    }
  }

  private async text(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      throw this.inaccessible('read', error);
    }
  }

  private inaccessible(what: string, cause: unknown): CloudError {
    const { code, message } = cause as NodeJS.ErrnoException;
    return new CloudError(
      'invalid',
      `The key file ${this.path} cannot be ${what} (${code ?? message}). It must be in a folder that this user may write to.`,
      { cause },
    );
  }

  private parse(text: string): Entries {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // The error of the parser would quote the file.
      throw this.broken('is not JSON');
    }
    const templates = (parsed as { templates?: unknown } | null)?.templates;
    if (typeof templates !== 'object' || templates === null)
      throw this.broken('has no "templates"');
    for (const [name, entry] of Object.entries(templates as Record<string, unknown>)) {
      if (!isEntry(entry)) throw this.broken(`holds no usable keys for "${name}"`);
    }
    return templates as Entries;
  }

  private broken(problem: string): CloudError {
    return new CloudError(
      'invalid',
      `The key file ${this.path} ${problem}. Restore it from a copy: the keys in it are those that CSS signs with.`,
    );
  }

  /** In one step, so that a reader sees the old file or the new one, and a crash leaves one of them. */
  private async replace(text: string): Promise<void> {
    const temporary = join(dirname(this.path), `.${randomUUID()}.tmp`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw this.inaccessible('written', error);
    }
  }
}

/** Without it, a file that was renamed may have its old content after a power loss. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // has no such call
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isEntry(value: unknown): value is KeyRingEntry {
  const { current, next, retiring = [] } = (value ?? {}) as Partial<KeyRingEntry>;
  return (
    isKey(current) &&
    (next === undefined || isKey(next)) &&
    Array.isArray(retiring) &&
    retiring.every((one) => isKey(one?.key) && Number.isFinite(one.until))
  );
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
