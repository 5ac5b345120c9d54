import { Injectable, Logger } from '@nestjs/common';

import { toLine } from '../../common/error-text.js';
import { ListenerGate } from '../../delivery/listener.gate.js';
import { ListenerRegistry } from '../../delivery/listeners/listener.registry.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveCallbackDelivery, type LiveListener } from '../../storage/entities/index.js';
import { ListenerHoldStore, type HoldReason } from '../../storage/listener-hold.store.js';
import { AuditRequestError } from '../audit-request.error.js';
import { checkReason } from '../check-text.js';

/** Why a listener is paused or resumed, and who says so. */
export interface ListenerReason {
  /** For those who look at the listener later, 1 to 500 characters. */
  reason: string;
  /** Person or program that asked, 1 to 190 characters. */
  actor: string;
}

/** What somebody did to a listener last. */
export interface ListenerChange {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
}

/** A circuit breaker that is open. */
export interface ListenerBreaker {
  readonly openedAt: Date;
  /** Of the attempt that failed last. */
  readonly error: string;
  /** When one event is tried. */
  readonly probeAt: Date;
}

/** Whether a listener runs. */
export interface ListenerState {
  readonly listener: string;
  /** Since when it is paused; null while it is not. */
  readonly pausedAt: Date | null;
  /** Who paused or resumed it last, and why; null when nobody ever has. */
  readonly change: ListenerChange | null;
  /** Null while its circuit breaker is closed. */
  readonly breaker: ListenerBreaker | null;
}

/** Longest part of a reason that the log says, characters. */
const SAID = 200;

/**
 * Pauses and resumes listeners of its registration, on all nodes. What a paused listener is to get is stored
 * as always, waits in its order, and uses up no attempts.
 *
 * @publicApi
 */
@Injectable()
export class LiveCallbackListeners {
  private readonly logger = new Logger('LiveCallback');

  constructor(
    private readonly database: CallbackDatabase,
    private readonly holds: ListenerHoldStore,
    private readonly gate: ListenerGate,
    private readonly registry: ListenerRegistry,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** The listeners of this process, and those that were ever held up, by their ids. */
  async list(): Promise<ListenerState[]> {
    const rows = new Map((await this.holds.all()).map((row) => [row.listener, row]));
    const ids = [...new Set([...this.registry.ids, ...rows.keys()])].toSorted();
    return ids.map((listener) => stateOf(listener, rows.get(listener)));
  }

  /**
   * Starts nothing more of a listener, on all nodes within two seconds, also after they start again. What
   * runs goes on to its end. One that is paused already stays so, for the new reason.
   *
   * @throws AuditRequestError for a reason or actor that cannot be, and a listener that nobody knows
   */
  async pause(listener: string, why: ListenerReason): Promise<ListenerState> {
    checkReason(why);
    await this.checkIsKnown(listener);
    await this.holds.pause(listener, why);
    return this.changed(listener, 'paused', why);
  }

  /**
   * Lets a listener go on, where its circuit breaker is open too.
   *
   * @throws AuditRequestError for a reason or actor that cannot be, and a listener that nobody knows
   */
  async resume(listener: string, why: ListenerReason): Promise<ListenerState> {
    checkReason(why);
    await this.checkIsKnown(listener);
    await this.holds.resume(listener, why);
    return this.changed(listener, 'resumed', why);
  }

  private async changed(
    listener: string,
    what: string,
    { reason, actor }: HoldReason,
  ): Promise<ListenerState> {
    this.logger.log(
      `The listener ${listener} is ${what} by ${toLine(actor, SAID)}: ${toLine(reason, SAID)}`,
    );
    // This process obeys at once, and the others with their next poll.
    await this.gate.read();
    return stateOf(listener, (await this.holds.find(listener)) ?? undefined);
  }

  /** A name that is mistyped would be paused, and the listener go on. */
  private async checkIsKnown(listener: unknown): Promise<void> {
    // PostgreSQL takes no text with a NUL.
    if (typeof listener === 'string' && listener !== '' && !listener.includes('\0')) {
      if (this.registry.get(listener) || (await this.holds.find(listener))) return;
      const registration = this.config.name;
      const isThere = await this.database.read((tables) =>
        tables.getRepository(LiveCallbackDelivery).existsBy({ registration, listener }),
      );
      if (isThere) return;
    }
    throw new AuditRequestError('listener must be the id of a listener that exists');
  }
}

/** What its row says; without one nothing holds it up. */
export function stateOf(listener: string, row: LiveListener | undefined): ListenerState {
  const { pausedAt = null, changedAt, changeReason, changeActor } = row ?? {};
  const { openedAt, openError, probeAt } = row ?? {};
  return {
    listener,
    pausedAt,
    change: changedAt
      ? { at: changedAt, reason: changeReason ?? '', actor: changeActor ?? '' }
      : null,
    breaker: openedAt && probeAt ? { openedAt, error: openError ?? '', probeAt } : null,
  };
}
