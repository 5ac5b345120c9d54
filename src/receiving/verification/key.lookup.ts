import { outsideRequests } from '../../common/outside-requests.js';
import { withTimeout } from '../../common/with-timeout.js';
import { ASK_EACH_TIME, resolveKey } from '../../options/key.config.js';
import type {
  BoundCallbackKey,
  CallbackKeyQuery,
  CallbackKeyResolver,
} from '../../options/live-callback.options.js';
import { ID_LENGTH, NAME_LENGTH } from '../../storage/column-text.js';
import { CallbackRefusedError } from '../refusals/refusal.js';

const DEADLINE_MS = 3_000;
/** How long keys are used without being looked up again, ms. */
const FRESH_MS = 60_000;
/** How old keys are that did not sign a callback, before they are looked up again for it, ms. */
const DOUBTED_MS = 1_000;
/** Whose keys are remembered. Anybody may name a domain: those that have signed something stay longest. */
const MAX_KNOWN = 1_000;
/** Lookups at a time. Beyond it strangers wait, and not those whose keys are known. */
const MAX_LOOKUPS = 64;
/** What the bodies that wait for keys may hold together, bytes. */
const MAX_WAITING = 32 * 1024 * 1024;

interface Found {
  readonly keys: readonly BoundCallbackKey[];
  readonly at: number;
}

/** Asks the host's function for keys: once for all who ask the same, and no more often than it must. */
export class KeyLookup {
  private readonly known = new Map<string, Found>();
  private readonly running = new Map<string, Promise<Found>>();
  private waiting = 0;

  constructor(private readonly resolve: CallbackKeyResolver) {}

  /**
   * The keys for a query, bound to what was asked for. Ones that are remembered are looked up again
   * when none of them signed: the host may have rotated them meanwhile.
   *
   * @param bytes size of the body that waits
   * @throws CallbackRefusedError when the host's function gives none in time, or too much waits for it
   */
  async signersFor(
    query: CallbackKeyQuery,
    signed: (key: BoundCallbackKey) => boolean,
    bytes: number,
  ): Promise<readonly BoundCallbackKey[]> {
    if (isTooLong(query)) return [];
    const name = JSON.stringify([query.domain?.toLowerCase() ?? null, query.appId]);
    const known = this.known.get(name);
    const age = known === undefined ? Infinity : performance.now() - known.at;
    const isFresh = age < FRESH_MS && !(ASK_EACH_TIME in this.resolve);
    const first = known !== undefined && isFresh ? known : await this.waitFor(name, query, bytes);
    let signers = first.keys.filter(signed);
    if (signers.length === 0 && first === known && age >= DOUBTED_MS) {
      signers = (await this.waitFor(name, query, bytes)).keys.filter(signed);
    }
    if (signers.length > 0) this.keep(name);
    return signers;
  }

  private async waitFor(name: string, query: CallbackKeyQuery, bytes: number): Promise<Found> {
    if (this.waiting + bytes > MAX_WAITING) throw new CallbackRefusedError('overloaded');
    this.waiting += bytes;
    try {
      return await this.lookUp(name, query);
    } finally {
      this.waiting -= bytes;
    }
  }

  private lookUp(name: string, query: CallbackKeyQuery): Promise<Found> {
    let running = this.running.get(name);
    if (!running) {
      if (this.running.size >= MAX_LOOKUPS) throw new CallbackRefusedError('overloaded');
      running = this.ask(name, query).finally(() => this.running.delete(name));
      this.running.set(name, running);
    }
    return running;
  }

  private async ask(name: string, query: CallbackKeyQuery): Promise<Found> {
    try {
      // A copy: a text that was cut out of a body would keep all of it in memory.
      const asked = structuredClone(query);
      const given = await withTimeout(
        outsideRequests(async () => this.resolve(asked)),
        DEADLINE_MS,
        () => new Error(`no keys within ${DEADLINE_MS} ms`),
      );
      const keys = given.map((key, index) => bound(resolveKey(`keys()[${index}]`, key), asked));
      const found = { keys, at: performance.now() };
      this.remember(name, found);
      return found;
    } catch (cause) {
      throw new CallbackRefusedError('keys-unavailable', { cause });
    }
  }

  private remember(name: string, found: Found): void {
    if (!this.known.has(name) && this.known.size >= MAX_KNOWN) {
      const [oldest] = this.known.keys();
      this.known.delete(oldest as string);
    }
    this.known.set(name, found);
  }

  /** To the end of the order in which they are forgotten. */
  private keep(name: string): void {
    const found = this.known.get(name);
    if (!found) return;
    this.known.delete(name);
    this.known.set(name, found);
  }
}

/** Whether no column holds such a name: nobody has keys for it, and anybody may make it up, at any length. */
function isTooLong({ domain, appId }: CallbackKeyQuery): boolean {
  return (domain?.length ?? 0) > NAME_LENGTH || (appId?.length ?? 0) > ID_LENGTH;
}

/** A key speaks for what was asked about and for nothing else, whatever the host bound it to. */
function bound(
  { key, domain, appId }: BoundCallbackKey,
  asked: CallbackKeyQuery,
): BoundCallbackKey {
  const domains = domain ?? asked.domain?.toLowerCase();
  const appIds = appId ?? asked.appId;
  return {
    key,
    ...(domains !== undefined && { domain: domains }),
    ...(appIds !== null && { appId: appIds }),
  };
}
