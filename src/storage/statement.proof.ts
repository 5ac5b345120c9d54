import { randomUUID } from 'node:crypto';

import type { DataSource, QueryRunner } from 'typeorm';

import { CallbackEraser } from './callback.eraser.js';
import { CallbackReclassifier } from './callback.reclassifier.js';
import type { CallbackDatabase } from './connection/callback.database.js';
import { retryOnContention } from './connection/contention.js';
import type { StatementVerdict } from './connection/statement.verdict.js';
import type { DeliveryLease } from './delivery.lease.js';
import { LiveCallback, LiveCallbackDelivery } from './entities/index.js';
import { LeaseOwner } from './lease-owner.js';
import { databaseWithin, failureOf, failureWithin } from './proof.transaction.js';
import { RejectionStore } from './rejection.store.js';
import { countAttempt } from './sql/attempt.update.js';
import type { CallbackWriter, NewCallback } from './sql/callback.writer.js';
import { createWriterWithin } from './sql/create-callback-writer.js';
import { findDue } from './sql/due-deliveries.query.js';

/** Id of a listener and name of a registration that nobody has: no poller looks for their deliveries. */
const LISTENER = ' proof ';
const REGISTRATION = LISTENER;
/** What is read must be what was written, in whatever script. */
const TEXT = 'żywo-直播-🎬';
/** Later than anything that happens to a callback, Unix milliseconds. */
const FOREVER = 8.64e15;

/**
 * Runs each kind of statement of the stores on rows of its own, in transactions that are rolled back: by a
 * wrong name, a right that is missing or a pooler in between, some would fail later, when nobody looks, and
 * callbacks be answered all the same. Nobody else ever sees the rows.
 *
 * @param dataSource of the module; on SQLite none that stores callbacks meanwhile
 * @param now the time of the database as an expression
 * @returns a verdict per statement; when nothing can be inserted, that one alone
 * @throws the database's error when it is away
 */
export async function proveStatements(
  dataSource: DataSource,
  now: string,
): Promise<StatementVerdict[]> {
  const runner = dataSource.createQueryRunner();
  const writer = retryOnContention(() => createWriterWithin(runner, now));
  try {
    const verdicts: StatementVerdict[] = [{ name: 'insert', error: null }];
    for (const group of GROUPS) {
      const found = await retryOnContention(() =>
        verdictsOf(group, runner, async () => new ProofSession(runner, await writer, now)),
      );
      if (found instanceof Error) return [{ name: 'insert', error: found }];
      verdicts.push(...found);
    }
    return verdicts;
  } finally {
    await writer.then((it) => it.close()).catch(() => {}); // it was never made
    await runner.release();
  }
}

/** @returns why what the proofs of the group begin with could not be inserted, or the verdict of each */
async function verdictsOf(
  { inserts, proofs }: ProofGroup,
  runner: QueryRunner,
  begin: () => Promise<ProofSession>,
): Promise<StatementVerdict[] | Error> {
  const verdicts: StatementVerdict[] = [];
  const error = await failureOf(runner, async () => {
    const on = await begin();
    if (inserts && !(await on.insert(inserts === 'leased', { id: on.id }))) return false;
    for (const [name, prove] of Object.entries(proofs)) {
      verdicts.push({ name, error: await failureWithin(runner, () => prove(on)) });
    }
    return true;
  });
  return error ?? verdicts;
}

/** What a proof works with: the stores of the module, within one transaction. */
class ProofSession {
  readonly owner = new LeaseOwner();
  readonly id = randomUUID();
  readonly held: DeliveryLease = { callbackId: this.id, listener: LISTENER, fence: 1 };
  readonly database: CallbackDatabase;
  private readonly contentDigest = randomUUID();

  constructor(
    readonly runner: QueryRunner,
    readonly writer: CallbackWriter,
    readonly now: string,
  ) {
    this.database = databaseWithin(runner, now, writer);
  }

  /** @returns whether it was new, and with a lease if it should have one */
  async insert(isLeased: boolean, fields: Partial<NewCallback> = {}): Promise<boolean> {
    const callback = { ...this.newCallback(fields.id ?? randomUUID()), ...fields };
    const batch = [{ callback, copies: 1, conflictsInBatch: false }];
    const lease = {
      ...this.owner.lease,
      registration: REGISTRATION,
      takes: () => isLeased,
      graceMs: null,
    };
    const [result] = await this.writer.insert(batch, lease);
    return result?.isNew === true && result.leased.length === (isLeased ? 1 : 0);
  }

  delivery(): Promise<LiveCallbackDelivery | null> {
    const { callbackId, listener } = this.held;
    return this.runner.manager
      .getRepository(LiveCallbackDelivery)
      .findOneBy({ callbackId, listener });
  }

  due(among: 'listener' | 'key'): Promise<LiveCallbackDelivery[]> {
    const keys = [{ listener: LISTENER, orderingKey: this.id }];
    const filter =
      among === 'key' ? { keys } : { registration: REGISTRATION, listeners: [LISTENER] };
    return findDue(this.runner.manager, this.now, 2, filter);
  }

  private newCallback(id: string): NewCallback {
    return {
      id,
      registration: REGISTRATION,
      origin: 'callback',
      kind: 'proof',
      eventType: 1,
      state: 'accepted',
      appId: null,
      domain: TEXT,
      path: TEXT,
      streamName: TEXT,
      sequence: null,
      occurredAt: null,
      receivedAt: Date.now(),
      contentDigest: this.contentDigest,
      identityDigest: randomUUID(),
      warnings: null,
      errors: null,
      remoteAddress: null,
      body: `{"stream_id":"${TEXT}"}`,
      bodyEncoding: 'utf8',
      routeKind: null,
      deliveries: [{ callbackId: id, listener: LISTENER, orderingKey: id, attempts: 1 }],
    };
  }
}

/** @returns whether the statement did what it should */
type Proof = (on: ProofSession) => Promise<boolean>;

/** Proofs that begin with the same rows, which are inserted once for all of them. */
interface ProofGroup {
  /** A callback with one delivery; null: none. */
  readonly inserts: 'leased' | 'waiting' | null;
  readonly proofs: Readonly<Record<string, Proof>>;
}

const GROUPS: readonly ProofGroup[] = [
  {
    inserts: 'leased',
    proofs: {
      redelivery: async (on) => !(await on.insert(true)),
      read: async ({ runner, id }) => {
        const row = await runner.manager.getRepository(LiveCallback).findOneBy({ id });
        return row?.streamName === TEXT && row.body?.includes(TEXT) === true;
      },
      contested: async ({ writer, held, owner, id }) => {
        return (await writer.contested([{ ...held, orderingKey: id }], owner.id)).length === 0;
      },
      attempt: ({ database, held, owner }) =>
        countAttempt(database, { ...held, isCounted: false }, owner.lease),
      renew: async ({ writer, held, owner }) => {
        return (await writer.renew([held], owner.lease)).length === 0;
      },
      settle: async (on) => {
        const outcome = { ...on.held, error: TEXT, durationMs: 1 };
        await on.writer.settle([{ ...outcome, state: 'pending', retryInMs: 1 }]);
        const retried = await on.delivery();
        await on.writer.settle([{ ...outcome, state: 'done', retryInMs: 0 }]);
        return retried?.nextAttemptAt != null && (await on.delivery())?.state === 'done';
      },
      release: async (on) => {
        await on.writer.release([{ ...on.held, isCounted: true }]);
        const row = await on.delivery();
        return row?.leaseOwner === null && row.attempts === 0;
      },
    },
  },
  {
    inserts: 'waiting',
    proofs: {
      due: async (on) => (await on.due('listener')).length === 1,
      'due-of-key': async (on) => (await on.due('key')).length === 1,
      claim: async (on) => {
        const found = (await on.due('listener')).map((row) =>
          Object.assign(row, { isCounted: true }),
        );
        const claimed = await on.writer.claim(found, on.owner.lease);
        const row = await on.delivery();
        return claimed.length === 1 && row?.leaseOwner === on.owner.id && row.attempts === 1;
      },
      purge: async ({ database, id }) => {
        const eraser = new CallbackEraser(database);
        const batch = { ids: [id], before: FOREVER };
        return (
          (await eraser.dropBodies(batch)) === 1 && (await eraser.deleteCallbacks(batch)) === 1
        );
      },
    },
  },
  {
    inserts: null,
    proofs: {
      requeue: async (on) => {
        const { id } = on;
        await on.insert(false, { id, state: 'unknown', deliveries: [] });
        const accepted = await new CallbackReclassifier(on.database).accept({
          id,
          registration: REGISTRATION,
          kind: 'proof',
          occurredAt: null,
          identityDigest: randomUUID(),
          warnings: [TEXT],
          deliveries: [{ ...on.held, orderingKey: id }],
        });
        return accepted?.conflicting === false && (await on.delivery())?.state === 'pending';
      },
      rejections: async ({ database, id }) => {
        const store = new RejectionStore(database);
        const times = { firstAt: new Date(), lastAt: new Date() };
        const row = {
          id,
          registration: REGISTRATION,
          reason: 'proof',
          count: 1,
          remoteAddress: null,
          excerpt: TEXT,
          ...times,
        };
        await store.record([row]);
        await store.record([{ ...row, count: 2 }]);
        return (await store.delete([id])) === 1;
      },
    },
  },
];
