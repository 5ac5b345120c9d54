import { Injectable, Logger } from '@nestjs/common';
import { In, IsNull } from 'typeorm';

import { MinuteLog } from '../common/minute.log.js';
import { firstIdAt } from '../common/id.source.js';
import type { LiveEvent } from '../events/live-event.js';
import { parsePayload } from '../events/payload/payload.js';
import { beginningOf, inventedBeginning, PUSH_KINDS, SAME_MS } from '../events/push-beginning.js';
import { columnText, ID_LENGTH } from '../storage/column-text.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { dialectOf, NOW_MS } from '../storage/connection/dialect.js';
import { LeaseLostError, type DeliveryLease } from '../storage/delivery.lease.js';
import { LiveCallback, LiveCallbackDelivery } from '../storage/entities/index.js';
import { isOpen, isPending } from '../storage/sql/open-deliveries.js';

/** By how much the clock of this host may be behind that of the sender, ms. */
const AHEAD_MS = 3_600_000;

type Told = Pick<LiveCallback, 'id' | 'kind' | 'state' | 'sequence' | 'occurredAt' | 'body'>;

/**
 * Sees to it that a listener which wants reconciled events gets a push or an interruption once: as it was made of
 * what the cloud says, or as CSS sent it after all. As such a listener runs one event of a stream after the other,
 * what is found out before a run holds until its end.
 */
@Injectable()
export class Supersession {
  private readonly log = new MinuteLog(new Logger('LiveCallback'));

  constructor(private readonly database: CallbackDatabase) {}

  /**
   * Completes a delivery without a run, if its listener had the event in the other form, or is about to get it as
   * CSS sent it. A replay always runs.
   *
   * @returns whether it has
   * @throws LeaseLostError, and the database's error
   */
  async settle(event: LiveEvent, lease: DeliveryLease): Promise<boolean> {
    if (event.replay || !isOfPush(event.kind) || event.occurredAt === null) return false;
    const other = await this.otherOf(event, lease.listener);
    if (!other) return false;
    await this.close(lease, reasonOf(other));
    return true;
  }

  /** @returns id of the callback that stands for the event */
  private async otherOf(event: LiveEvent, listener: string): Promise<string | undefined> {
    const told = await this.toldOf(event);
    const own = event.reconciled ? told.find(({ id }) => id === event.id) : toTold(event);
    if (!own) return undefined;
    const same = told.filter((other) => other !== own && isSamePush(own, other));
    if (event.reconciled) return sentInPlaceOf(own, same)?.id;
    if (new Set(same.map(({ sequence }) => sequence).filter(isInvented)).size > 1) {
      this.log.warn(
        'ambiguous',
        () =>
          `The ${event.kind} ${event.id} may be any of ${same.length} reconciled events; the listener gets it beside them.`,
      );
      return undefined;
    }
    const last = same.at(-1);
    // A push that was seen again after it was called over has not ended by that.
    if (event.kind === 'stream-interrupt' && last?.kind !== 'stream-interrupt') return undefined;
    const ids = same.filter(({ kind }) => kind === event.kind).map(({ id }) => id);
    const done = await this.database.manager
      .getRepository(LiveCallbackDelivery)
      .findOneBy({ callbackId: In(ids), listener, state: 'done' });
    return done && !(await this.hasSuperseded(done)) ? done.callbackId : undefined;
  }

  /** Whether another callback was taken for it already: two pushes may begin at the same time. */
  private hasSuperseded({ callbackId, listener, registration }: LiveCallbackDelivery) {
    return this.database.manager
      .createQueryBuilder(LiveCallbackDelivery, 'd')
      .where({ registration, state: 'superseded', listener, lastError: reasonOf(callbackId) })
      .andWhere(isOpen('d.state'))
      .getExists();
  }

  /**
   * What may be the same push: of one that CSS sent what was made in its place, of one that was made all of both,
   * itself too. The earliest first.
   */
  private toldOf({ registration, reconciled, stream, occurredAt }: LiveEvent): Promise<Told[]> {
    const { domain, path, name } = stream;
    const query = this.database.manager
      .createQueryBuilder(LiveCallback, 'c')
      .select(['c.id', 'c.kind', 'c.state', 'c.sequence', 'c.occurredAt', 'c.body'])
      .where({
        registration,
        kind: In([...PUSH_KINDS]),
        streamName: name ?? IsNull(),
        domain: domain ?? IsNull(),
        path: path ?? IsNull(),
      })
      // Nothing of a push comes before it happens.
      .andWhere('c.id >= :first', {
        first: firstIdAt(new Date(occurredAt!.getTime() - AHEAD_MS)),
      })
      .orderBy('c.id');
    // Said twice, because an index holds no others and is used only by those who say so.
    if (!reconciled) query.andWhere("c.state = 'reconciled' AND c.state <> 'accepted'");
    return query.getMany();
  }

  private async close({ callbackId, listener, fence }: DeliveryLease, why: string): Promise<void> {
    const { manager } = this.database;
    const { affected } = await manager
      .createQueryBuilder()
      .update(LiveCallbackDelivery)
      .set({
        state: 'superseded',
        lastError: why,
        leaseOwner: null,
        leaseUntil: null,
        nextAttemptAt: null,
        finishedAt: () => NOW_MS[dialectOf(manager.connection)],
      })
      .where({ callbackId, listener, fence })
      .andWhere(isPending('state'))
      .execute();
    if (affected !== 1) throw new LeaseLostError();
  }
}

/** What CSS has sent, as its row says it. */
function toTold({ id, kind, occurredAt, data }: LiveEvent): Told {
  const { sequence, push_duration } = data as { sequence?: string; push_duration?: number };
  return {
    id,
    kind,
    state: 'accepted',
    sequence: columnText(sequence ?? null, ID_LENGTH),
    occurredAt,
    body: JSON.stringify({ push_duration }),
  };
}

/** What CSS has sent in place of what was made. */
function sentInPlaceOf(own: Told, same: readonly Told[]): Told | undefined {
  // Of a push that was called over and is live all the same, only its interruption is news.
  const isAgain =
    own.kind === 'stream-push' &&
    same.some(({ id, kind, state }) => {
      return state === 'reconciled' && kind === 'stream-interrupt' && id < own.id;
    });
  const kind = isAgain ? 'stream-interrupt' : own.kind;
  return same.find((other) => other.kind === kind && other.state === 'accepted');
}

function reasonOf(id: string): string {
  return `The listener has it as ${id}`;
}

function isInvented(sequence: string | null): boolean {
  return inventedBeginning(sequence ?? '') !== null;
}

function isOfPush(kind: string): boolean {
  return (PUSH_KINDS as readonly string[]).includes(kind);
}

/** By the sequence, or where lists of the cloud knew none, by the beginning. */
function isSamePush(one: Told, other: Told): boolean {
  if (one.sequence === other.sequence) return true;
  const [a, b] = [one, other].map(({ sequence }) => inventedBeginning(sequence ?? ''));
  if (a === null && b === null) return false;
  return Math.abs((a ?? begunAt(one)) - (b ?? begunAt(other))) <= SAME_MS;
}

/** NaN where it does not say. */
function begunAt({ kind, occurredAt, body }: Told): number {
  return beginningOf(kind, occurredAt?.getTime() ?? Number.NaN, parsePayload(body ?? '{}').value);
}
