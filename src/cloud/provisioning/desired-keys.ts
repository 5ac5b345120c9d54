import type { DesiredState } from './desired-state.js';
import { newCallbackKey, type KeyRing } from './key-ring.js';
import type { DesiredKey } from './planner.js';
import { keyProblem } from './template.checks.js';
import { textOf, type CloudTemplate } from './template.fields.js';

/** Finds the keys that templates should have: declared ones, and those of the key ring. */
export class DesiredKeySource {
  constructor(
    private readonly desired: DesiredState,
    private readonly ring: KeyRing | undefined,
  ) {}

  /**
   * The keys as they are now; nothing is written.
   *
   * @param own templates that exist, by id of the declared state
   */
  async read(own: ReadonlyMap<string, CloudTemplate>): Promise<Map<string, DesiredKey>> {
    const keys = new Map<string, DesiredKey>();
    for (const { id, key } of this.desired.templates) {
      keys.set(id, key === undefined ? await this.fromRing(id, own.get(id)) : { key });
    }
    return keys;
  }

  /**
   * Keeps the keys that the ring lacks: before the cloud gets them, so that they are never lost.
   *
   * @returns complete keys
   */
  async keep(keys: ReadonlyMap<string, DesiredKey>): Promise<Map<string, DesiredKey>> {
    const kept = new Map(keys);
    for (const { id, key } of this.desired.templates) {
      if (key !== undefined || (await this.ring?.read(id))) continue;
      const current = keys.get(id)?.key ?? newCallbackKey();
      await this.ring?.write(id, { current });
      kept.set(id, { key: current });
    }
    return kept;
  }

  /** A template that is there already keeps its key: receivers know it. */
  private async fromRing(id: string, existing: CloudTemplate | undefined): Promise<DesiredKey> {
    const entry = await this.ring?.read(id);
    if (entry) {
      return { key: entry.current, ...(entry.next !== undefined && { alternative: entry.next }) };
    }
    const key = existing && textOf(existing.fields, 'CallbackKey');
    return { key: key && keyProblem(key) === undefined ? key : undefined };
  }
}
