import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { CallbackKeyResolver } from '../live-callback.options.js';
import { acceptedKeys, type KeyRing, type KeyRingEntry } from './key-ring.js';
import { ProvisioningError } from './provisioning.error.js';

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

  /** @param path of the file; made, readable for its owner only, when the first key is */
  constructor(
    private readonly path: string,
    private readonly now: () => number = Date.now,
  ) {}

  async read(template: string): Promise<KeyRingEntry | undefined> {
    const entries = (await this.load()) ?? {};
    return Object.hasOwn(entries, template) ? entries[template] : undefined;
  }

  async write(template: string, entry: KeyRingEntry): Promise<void> {
    const entries = { ...(await this.load()), [template]: entry };
    await this.replace(`${JSON.stringify({ templates: entries }, null, 2)}\n`);
    this.cache = undefined;
  }

  /**
   * For the module's option `keys`: the keys of every template in the file, at any time. A rotation
   * needs no restart then.
   */
  resolver(): CallbackKeyResolver {
    return async () => {
      const entries = await this.load();
      if (!entries) throw new ProvisioningError('invalid', `${this.path} does not exist.`);
      return Object.values(entries).flatMap((entry) => acceptedKeys(entry, this.now()));
    };
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

  private inaccessible(what: string, cause: unknown): ProvisioningError {
    const { code } = cause as NodeJS.ErrnoException;
    return new ProvisioningError(
      'invalid',
      `The key file ${this.path} cannot be ${what} (${code}). It must be in a folder that this user may write to.`,
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

  private broken(problem: string): ProvisioningError {
    return new ProvisioningError(
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
    } catch (error) {
      await rm(temporary, { force: true });
      throw this.inaccessible('written', error);
    }
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
