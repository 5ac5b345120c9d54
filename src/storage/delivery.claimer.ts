import { Injectable } from '@nestjs/common';

import { TimeScale } from '../common/time-scale.js';
import { partsOf, withinBounds } from './claim-bounds.js';
import { ClaimedEventReader, type ClaimedRow } from './claimed-event.reader.js';
import { CallbackDatabase } from './connection/callback.database.js';
import {
  deliveryOf,
  keyOf,
  type Claim,
  type ClaimedDelivery,
  type ClaimRequest,
} from './delivery.lease.js';
import type { LiveCallbackDelivery } from './entities/index.js';
import { LeaseOwner } from './lease-owner.js';
import { findDue, type DueFilter } from './sql/due-deliveries.query.js';

/** Rows that one question about what is due may find. */
const FOUND_ROWS = 1_000;
/** Rows that a part of a claim has, and its statements name: about as many. */
const PART = 200;

/** Takes over the deliveries that wait in the table, as a poll or a job asks for them. */
@Injectable()
export class DeliveryClaimer {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly owner: LeaseOwner,
    private readonly events: ClaimedEventReader,
    private readonly time: TimeScale,
  ) {}

  /**
   * Takes over what is due and nobody holds, oldest first: of all keys of some listeners, or of some
   * keys, and of these also what has not been tried yet before its grace is over (`graceMs`).
   *
   * @throws the database's error
   */
  async claim(among: DueFilter, request: ClaimRequest): Promise<Claim> {
    const found = await findDue(this.database.manager, this.database.now, FOUND_ROWS, among);
    const isAll = found.length < FOUND_ROWS;
    // Rows that this process holds look due when their lease ran out unnoticed: they are renewed and not
    // claimed, and so is all of their key.
    const ours = new Set(found.filter((row) => request.holds(row)).map(keyOf));
    const others = found.filter((row) => !ours.has(keyOf(row)));
    const { rows, cut } = withinBounds(others, request);
    const more = isAll ? cut : new Set(rows.map(keyOf));
    const claimed: ClaimedDelivery[] = [];
    const taken = new Set<string>();
    try {
      for (const part of partsOf(rows, PART)) {
        const leasedAt = this.time.now();
        const leased = await this.lease(part, request);
        const read = await this.events.read(leased, { owner: this.owner.id, leasedAt });
        for (const row of leased) taken.add(keyOf(row));
        claimed.push(...read);
        await request.handOn(read, more);
      }
    } catch (error) {
      // What was claimed and is not in memory must not let later events of its stream pass.
      this.owner.rename();
      this.database.doubt();
      throw error;
    }
    const due = new Set(found.map(keyOf));
    const { keys = [] } = among;
    return {
      claimed,
      contested: keys.filter((key) => !taken.has(keyOf(key)) && (!isAll || due.has(keyOf(key)))),
      hasMore: !isAll && claimed.length > 0,
    };
  }

  /** @returns the rows that are leased to this process now, as they are since then */
  private async lease(
    rows: readonly LiveCallbackDelivery[],
    request: ClaimRequest,
  ): Promise<ClaimedRow[]> {
    const { writer } = this.database;
    const found = rows.map((row) => {
      const isFirst = row.attempts === row.attemptsBefore;
      return Object.assign(row, { isCounted: isFirst && request.countsAhead(row.listener) });
    });
    const leases = await writer.claim(found, this.owner.lease);
    const fences = new Map(leases.map((it) => [deliveryOf(it), it.fence]));
    const leased = found.flatMap((row) => {
      const fence = fences.get(deliveryOf(row));
      if (fence === undefined) return [];
      const attempts = row.attempts + (row.isCounted ? 1 : 0);
      return [Object.assign(row, { fence, attempts })];
    });
    const contested = new Set((await writer.contested(leased, this.owner.id)).map(deliveryOf));
    if (contested.size === 0) return leased;
    const isLost = (row: ClaimedRow) => contested.has(deliveryOf(row));
    await writer.release(leased.filter(isLost));
    return leased.filter((row) => !isLost(row));
  }
}
