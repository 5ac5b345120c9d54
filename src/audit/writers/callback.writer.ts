import type { DeliveryLease, DeliveryOutcome } from '../../bus/index.js';
import type { CallbackState } from '../../events/index.js';

/** A callback on its way into the tables; times in Unix milliseconds. */
export interface NewCallback {
  readonly id: string;
  readonly kind: string;
  readonly eventType: number | null;
  readonly state: CallbackState;
  readonly appId: string | null;
  readonly domain: string | null;
  readonly path: string | null;
  readonly streamName: string | null;
  readonly sequence: string | null;
  readonly occurredAt: number | null;
  readonly receivedAt: number;
  readonly contentDigest: string;
  readonly identityDigest: string;
  /** JSON array of lines, or null. */
  readonly remarks: string | null;
  /** JSON array of lines, or null. */
  readonly errors: string | null;
  readonly remoteAddress: string | null;
  readonly body: string;
  /** The listeners that get it. */
  readonly deliveries: readonly NewDelivery[];
}

/** A listener that gets a callback. */
export interface NewDelivery {
  readonly listener: string;
  /** Deliveries of a listener with the same key run one after the other. */
  readonly streamKey: string;
}

/** One entry of a batch: distinct by content, with the copies that came at the same time. */
export interface BatchEntry {
  readonly callback: NewCallback;
  readonly copies: number;
  /** An earlier entry of the batch has the same identity and other content. */
  readonly variantInBatch: boolean;
}

/** What the database made of a batch entry. */
export interface InsertResult {
  /** False when the content had been stored before. */
  readonly isNew: boolean;
  readonly variant: boolean;
  /** Listeners whose delivery is leased to this process; the others wait for a sweep. */
  readonly leased: readonly string[];
}

/** What a stored callback turned out to be, after it had been unknown or quarantined. */
export interface Requeued extends Pick<
  NewCallback,
  'id' | 'kind' | 'occurredAt' | 'identityDigest' | 'remarks' | 'deliveries'
> {}

/** What became of it, with the listeners whose delivery is leased; null when it was accepted already. */
export type RequeueResult = { readonly variant: boolean; readonly leased: string[] } | null;

/** Refused requests that share reason, address and minute. */
export interface RejectionRow {
  readonly id: string;
  readonly reason: string;
  readonly count: number;
  readonly remoteAddress: string | null;
  readonly excerpt: string | null;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** The lease under which a process stores deliveries that it will run itself. */
export interface Lease {
  readonly owner: string;
  readonly milliseconds: number;
}

/** The statements of the durable path, for one family of databases. */
export interface CallbackWriter {
  /**
   * Stores a batch in one transaction: the callbacks, unique by content digest, and a delivery row
   * per listener of each new one, leased with attempt 1 counted. New and duplicate are told apart
   * by the unique index alone, never by reading first. A delivery is left unleased when an earlier
   * one of its stream waits in the table or at another process, and when there is no lease to give.
   *
   * @returns a result per entry, in their order; the rows are durable by then
   */
  insert(batch: readonly BatchEntry[], lease: Lease | null): Promise<readonly InsertResult[]>;

  /**
   * Turns a callback that was unknown or quarantined into an accepted one, with a leased delivery
   * row for each listener that has none yet.
   */
  requeue(callback: Requeued, lease: Lease): Promise<RequeueResult>;

  /** Records outcomes of deliveries whose fence still holds. */
  settle(outcomes: readonly DeliveryOutcome[]): Promise<void>;

  /** Takes over deliveries whose fence still is what it was when they were found. */
  claim(found: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]>;

  /** Prolongs leases whose fence still holds. */
  renew(leases: readonly DeliveryLease[], lease: Lease): Promise<void>;

  /** Adds rejection rows, or updates count and time of those with the same id. */
  recordRejections(rows: readonly RejectionRow[]): Promise<void>;

  /** Succeeds when callbacks could be written now. */
  probe(): Promise<void>;

  /** Whether an error is about the rows and not about the database, so that splitting a batch helps. */
  isRowFault(error: unknown): boolean;
}
