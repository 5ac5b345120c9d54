import type { Pool } from 'pg';

import type { CountedLease, DeliveryLease } from '../delivery.lease.js';
import type { FoundDelivery, Lease } from './callback.writer.js';
import { isPending } from './open-deliveries.js';

/** Leases on PostgreSQL: taken over, renewed, given back. */
export class PostgresLeases {
  private readonly sql: ReturnType<typeof leaseStatements>;

  /**
   * @param delivery the table
   * @param now the time of the database as an expression
   */
  constructor(
    delivery: string,
    now: string,
    named: (sql: string) => string,
    private readonly pool: Pool,
  ) {
    this.sql = leaseStatements(delivery, now, named);
  }

  async claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    const { rows } = await this.pool.query<DeliveryLease>(this.sql.claim, [
      ...leaseArrays(found),
      lease.owner,
      lease.milliseconds,
      found.map(({ isCounted }) => Number(isCounted)),
    ]);
    return rows;
  }

  async renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    const { rows } = await this.pool.query<Omit<DeliveryLease, 'fence'>>(this.sql.renew, [
      ...leaseArrays(leases),
      lease.owner,
      lease.milliseconds,
    ]);
    const kept = new Set(rows.map(({ callbackId, listener }) => `${callbackId} ${listener}`));
    return leases.filter(({ callbackId, listener }) => !kept.has(`${callbackId} ${listener}`));
  }

  async release(leases: readonly CountedLease[]): Promise<void> {
    await this.pool.query(this.sql.release, [
      ...leaseArrays(leases),
      leases.map(({ isCounted }) => Number(isCounted)),
    ]);
  }
}

/**
 * The statements that take over deliveries (with what another owner held of their lanes), renew leases and
 * give them back.
 */
function leaseStatements(delivery: string, now: string, named: (sql: string) => string) {
  const isHeld = `d.callback_id = ANY($1::uuid[]) AND d.callback_id = v.callback_id
      AND d.listener = v.listener AND d.fence = v.fence
      AND ${isPending('d.state')}`;
  const claim = `
  WITH claimed AS (
    UPDATE ${delivery} d
    SET lease_owner = $4, lease_until = ${now} + $5::bigint, fence = d.fence + 1,
      attempts = d.attempts + v.counted,
      next_attempt_at = CASE WHEN v.counted = 0 THEN d.next_attempt_at END
    FROM unnest($1::uuid[], $2::text[], $3::int[], $6::int[])
      AS v(callback_id, listener, fence, counted)
    WHERE ${isHeld} AND (d.lease_until IS NULL OR d.lease_until < ${now})
    RETURNING d.callback_id, d.listener, d.ordering_key, d.fence
  ), disowned AS (
    UPDATE ${delivery} d SET lease_owner = NULL, lease_until = NULL, fence = d.fence + 1
    FROM (SELECT DISTINCT listener, ordering_key FROM claimed) lane
    CROSS JOIN LATERAL (
      SELECT e.callback_id, e.listener FROM ${delivery} e
      WHERE e.state = 'pending' AND e.listener = lane.listener
        AND e.ordering_key = lane.ordering_key AND e.lease_owner <> $4 AND e.lease_until < ${now}
      OFFSET 0) late
    WHERE d.callback_id = late.callback_id AND d.listener = late.listener
      AND ${isPending('d.state')} AND d.lease_owner <> $4 AND d.lease_until < ${now}
      AND (d.callback_id, d.listener) NOT IN (SELECT callback_id, listener FROM claimed)
  )
  SELECT callback_id AS "callbackId", listener AS "listener", fence AS "fence" FROM claimed`;
  const renew = `
    UPDATE ${delivery} d SET lease_owner = $4, lease_until = ${now} + $5::bigint
    FROM unnest($1::uuid[], $2::text[], $3::int[]) AS v(callback_id, listener, fence)
    WHERE ${isHeld}
    RETURNING d.callback_id AS "callbackId", d.listener AS "listener"`;
  const release = `
    UPDATE ${delivery} d
    SET lease_owner = NULL, lease_until = NULL, attempts = d.attempts - v.counted
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[])
      AS v(callback_id, listener, fence, counted)
    WHERE ${isHeld}`;
  return { claim: named(claim), renew: named(renew), release: named(release) };
}

function leaseArrays(leases: readonly DeliveryLease[]): [string[], string[], number[]] {
  return [
    leases.map(({ callbackId }) => callbackId),
    leases.map(({ listener }) => listener),
    leases.map(({ fence }) => fence),
  ];
}
