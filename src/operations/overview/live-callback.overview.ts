import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';

import { SharedAnswer } from '../../common/shared.answer.js';
import { ListenerRegistry } from '../../delivery/listeners/listener.registry.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveCallback } from '../../storage/entities/index.js';
import {
  LiveCallbackListeners,
  stateOf,
  type ListenerState,
} from '../listeners/live-callback.listeners.js';
import { checkLimit, isId, type CallbackFilter, type PageRequest } from '../audit-query.js';
import type { CallbackRow } from '../audit-row.js';
import { ROW_PROPERTIES, toRow } from '../audit.mapper.js';
import { readRecent, readWaiting, type RecentMinute, type Waiting } from './delivery.queries.js';
import { readRefusals, type RefusalGroup } from './refusal.query.js';
import { readStreamDeliveries, type StreamDelivery } from './stream-deliveries.query.js';

/** Where a listener stands. */
export interface ListenerOverview extends ListenerState {
  /** Kinds that this process hands to it, or `*`; null for a listener that this process does not have. */
  readonly kinds: readonly string[] | null;
  /** What it still has to handle. */
  readonly pending: number;
  /** Receipt of the oldest of these; null when there is none. */
  readonly oldestAt: Date | null;
  /** Deliveries that were given up. */
  readonly dead: number;
  /** What came of the deliveries of the last hour, by the minute in which they ended, oldest first; up to ten seconds old. */
  readonly minutes: readonly RecentMinute[];
}

/** All listeners, and how far it was counted. */
export interface ListenersOverview {
  readonly items: readonly ListenerOverview[];
  /** No more than so many deliveries are looked at, the oldest that wait and the newest that came. */
  readonly countedTo: number;
}

/** Deliveries that one question looks at. */
const COUNTED_TO = 10_000;
const RECENT_MS = 3_600_000;
/** How old the figures of the last hour may be, ms: they are the dearest, and change slowly. */
const RECENT_FRESH_MS = 10_000;
const MOST_VARIANTS = 50;
const DAY_MS = 86_400_000;

/** Answers how the listeners do, and who is refused: each by a bounded piece of an index. */
@Injectable()
export class LiveCallbackOverview {
  private readonly recent = new SharedAnswer(() => this.readRecent());

  constructor(
    private readonly database: CallbackDatabase,
    private readonly registry: ListenerRegistry,
    private readonly holds: LiveCallbackListeners,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Where each listener stands: those of this process, and those that rows are left of. */
  async listeners(): Promise<ListenersOverview> {
    const { name } = this.config;
    const states = new Map((await this.holds.list()).map((state) => [state.listener, state]));
    const recent = await this.recent.get(RECENT_FRESH_MS);
    const [pending, dead] = await this.database.read((tables) =>
      Promise.all([
        readWaiting(tables, name, 'pending', COUNTED_TO),
        readWaiting(tables, name, 'dead', COUNTED_TO),
      ]),
    );
    const ids = new Set([...states.keys(), ...pending.keys(), ...dead.keys(), ...recent.keys()]);
    const items = [...ids].toSorted().map((listener) => ({
      ...(states.get(listener) ?? stateOf(listener, undefined)),
      kinds: this.kindsOf(listener),
      ...standing(pending.get(listener)),
      dead: dead.get(listener)?.count ?? 0,
      minutes: recent.get(listener) ?? [],
    }));
    return { items, countedTo: COUNTED_TO };
  }

  /**
   * Refused requests by reason and address, most first.
   *
   * @param from the earliest of them; default: 24 hours ago
   */
  refusals(from = new Date(Date.now() - DAY_MS)): Promise<RefusalGroup[]> {
    return this.database.read((tables) => readRefusals(tables, this.config.name, from));
  }

  /**
   * Other callbacks that say to be the same event, newest first, fifty at most: CSS signs no body, so
   * which of them is genuine is for people to tell. None for an id that nobody has.
   */
  async variants(id: string): Promise<CallbackRow[]> {
    if (!isId(id)) return [];
    const { name: registration } = this.config;
    const found = await this.database.read(async (tables) => {
      const callbacks = tables.getRepository(LiveCallback);
      const callback = await callbacks.findOneBy({ id, registration });
      if (!callback) return [];
      return callbacks
        .createQueryBuilder('c')
        .select(ROW_PROPERTIES.map((property) => `c.${property}`))
        .where({ registration, identityDigest: callback.identityDigest, id: Not(id) })
        .orderBy('c.id', 'DESC')
        .limit(MOST_VARIANTS)
        .getMany();
    });
    return found.map(toRow);
  }

  /** Deliveries of the newest callbacks of a filter, `limit` callbacks at most; the oldest first. */
  deliveries(filter: CallbackFilter & PageRequest = {}): Promise<StreamDelivery[]> {
    const most = checkLimit(filter.limit);
    return this.database.read((tables) =>
      readStreamDeliveries(tables, this.config.name, filter, most),
    );
  }

  private readRecent(): Promise<Map<string, RecentMinute[]>> {
    const since = new Date(Date.now() - RECENT_MS);
    return this.database.read((tables) => readRecent(tables, this.config.name, since, COUNTED_TO));
  }

  private kindsOf(listener: string): readonly string[] | null {
    const found = this.registry.get(listener);
    return found ? [...found.patterns].toSorted() : null;
  }
}

function standing(waiting: Waiting | undefined): Pick<ListenerOverview, 'pending' | 'oldestAt'> {
  return { pending: waiting?.count ?? 0, oldestAt: waiting?.oldestAt ?? null };
}
