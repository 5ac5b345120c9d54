import { hash } from 'node:crypto';

import { readPayload } from '../../events/payload/read-payload.js';
import { PayloadError } from '../../events/payload/payload.error.js';
import type { StreamIdentity } from '../../events/stream-identity.js';
import type { CallbackAcceptor } from '../../receiving/callback.acceptor.js';
import type { CallbackMapper, MappedCallback } from '../../receiving/callback.mapper.js';
import { CallbackRefusedError } from '../../receiving/refusals/refusal.js';
import type { CallbackVerifier } from '../../receiving/verification/callback.verifier.js';
import { beginningOf, SAME_MS } from '../../events/push-beginning.js';
import type { DatabaseCallbackStore } from '../../storage/database-callback.store.js';
import type { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { LiveCallback } from '../../storage/entities/index.js';
import type { CloudReader, Stretch } from '../reading/cloud.reader.js';
import type { CallbackRecord, CloudStream } from '../reading/cloud.rows.js';

/** What of the module a body goes through. */
export interface WayIn {
  readonly verifier: CallbackVerifier;
  readonly mapper: CallbackMapper;
  readonly acceptor: CallbackAcceptor;
  readonly store: DatabaseCallbackStore;
  readonly database: CallbackDatabase;
}

/** A push of which a callback may be missing. */
export interface WantedPush {
  readonly stream: CloudStream;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Null while it goes on. */
  readonly endedAt: number | null;
}

/** What was found of a push. */
export interface FoundRecords {
  /** Kinds that are stored, by this or before. */
  readonly known: ReadonlySet<string>;
  /** Callbacks that are stored by this. */
  readonly taken: number;
}

/** CSS tries for so long to deliver a callback, ms. */
const PATIENCE_MS = 16 * 60_000;
/** Failed attempts that are told apart. */
const MOST_FAILED = 10_000;
const EARLIER_MS = 15 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** The records know no longer, ms. */
const LONGEST_AGO_MS = 14 * DAY_MS;

/**
 * Takes in, by the ordinary way, what CSS has sent of a push and nobody got: its callback records hold the true
 * bodies. Listeners get them as any other.
 */
export class RecordIntake {
  /** Attempts that the cloud calls failed, by their digest. */
  private readonly failed = new Set<string>();

  constructor(
    private readonly reader: CloudReader,
    private readonly way: WayIn,
    private readonly now: () => number,
  ) {}

  /** How many attempts to deliver a callback the cloud calls failed, of those that were looked at. */
  get failedAttempts(): number {
    return this.failed.size;
  }

  /**
   * Takes in the callbacks of a push.
   *
   * @throws CloudApiError, CloudAnswerError, and the database's error
   */
  async take(wanted: WantedPush): Promise<FoundRecords> {
    return this.takeThose(wanted.stream, stretchesOf(wanted, this.now()), (callback) =>
      tellsOf(callback, wanted),
    );
  }

  /**
   * Takes in all callbacks of a stream, of whatever kind.
   *
   * @returns how many are stored by this
   * @throws CloudApiError, CloudAnswerError, and the database's error
   */
  async takeAll(stream: CloudStream, { from, to }: Stretch): Promise<number> {
    const stretches: Stretch[] = [];
    for (let begin = Math.max(from, to - LONGEST_AGO_MS); begin < to; begin += DAY_MS) {
      stretches.push({ from: begin, to: Math.min(begin + DAY_MS, to) });
    }
    const { taken } = await this.takeThose(stream, stretches, ({ row, meaning }) => {
      return row.state !== 'quarantined' && isOf(meaning.stream, stream);
    });
    return taken;
  }

  private async takeThose(
    { name }: CloudStream,
    stretches: readonly Stretch[],
    isWanted: (callback: MappedCallback) => boolean,
  ): Promise<FoundRecords> {
    const known = new Set<string>();
    let taken = 0;
    for (const stretch of stretches) {
      for (const record of await this.reader.records(name, stretch)) {
        const callback = await this.genuine(record, isWanted);
        if (!callback) continue;
        if (!record.isAcknowledged) this.note(record);
        const { kind, identityDigest } = callback.row;
        // Whether a record is the body to the byte is not documented: it never makes a variant of one.
        const isStored = await this.way.database.manager
          .getRepository(LiveCallback)
          .existsBy({ identityDigest });
        if (!isStored) {
          await this.way.acceptor.accept(callback, this.way.store);
          taken++;
        }
        known.add(kind);
      }
    }
    return { known, taken };
  }

  /** Once, although a record may be read several times. */
  private note({ row }: CallbackRecord): void {
    if (this.failed.size < MOST_FAILED) this.failed.add(hash('sha256', JSON.stringify(row)));
  }

  /** The callback that a record holds; null unless it is wanted, fits, and is signed. */
  private async genuine(
    { body }: CallbackRecord,
    isWanted: (callback: MappedCallback) => boolean,
  ): Promise<MappedCallback | null> {
    try {
      const payload = readPayload(Buffer.from(body));
      const request = { payload, text: body, routeKind: null, remoteAddress: null };
      const callback = this.way.mapper.transform({ ...request, origin: 'callback-record' });
      if (!isWanted(callback)) return null;
      await this.way.verifier.verifyRecord(payload);
      return callback;
    } catch (error) {
      if (error instanceof PayloadError || error instanceof CallbackRefusedError) return null;
      throw error;
    }
  }
}

function tellsOf({ row, meaning }: MappedCallback, { stream, startedAt }: WantedPush): boolean {
  if (row.state !== 'accepted' || row.occurredAt === null || row.sequence === null) return false;
  if (!isOf(meaning.stream, stream)) return false;
  return Math.abs(beginningOf(row.kind, row.occurredAt, meaning.data) - startedAt) <= SAME_MS;
}

function isOf({ domain, path, name }: StreamIdentity, stream: CloudStream): boolean {
  return domain === stream.domain && path === stream.path && name === stream.name;
}

/** A question may span a day: of a longer push its beginning and its end are asked for. */
function stretchesOf({ startedAt, endedAt }: WantedPush, now: number): Stretch[] {
  const around = (at: number): Stretch => ({
    from: at - EARLIER_MS,
    to: Math.min(at + PATIENCE_MS, now),
  });
  const begin = around(startedAt);
  if (endedAt === null) return [begin];
  const end = around(endedAt);
  return end.to - begin.from <= DAY_MS ? [{ from: begin.from, to: end.to }] : [begin, end];
}
