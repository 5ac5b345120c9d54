import type { BodyEncoding } from '../../events/payload/kept-body.js';
import type { CallbackState } from '../../events/event-interpreter.js';
import type { CallbackOrigin } from '../entities/index.js';
import type {
  CountedLease,
  DeliveryLease,
  DeliveryOutcome,
  OrderingKey,
} from '../delivery.lease.js';

/** A callback on its way into the tables; times in Unix milliseconds. */
export interface NewCallback {
  readonly id: string;
  readonly registration: string;
  readonly origin: CallbackOrigin;
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
  readonly warnings: string | null;
  /** JSON array of lines, or null. */
  readonly errors: string | null;
  readonly remoteAddress: string | null;
  /** Default: null. */
  readonly traceparent?: string | null;
  readonly body: string;
  readonly bodyEncoding: BodyEncoding;
  /** Kind of the URL that it came to, which the spool keeps; null on the URL for every kind. */
  readonly routeKind: string | null;
  /** The listeners that get it. */
  readonly deliveries: readonly NewDelivery[];
}

/** A delivery, and the ordering key that it runs in. */
export interface KeyedDelivery extends OrderingKey {
  readonly callbackId: string;
}

/** A listener that gets a callback. */
export interface NewDelivery extends KeyedDelivery {
  /** Attempts that are counted with a lease of the insert. */
  readonly attempts: 0 | 1;
}

/** A delivery that was found to be due, under the fence of then. */
export type FoundDelivery = KeyedDelivery & CountedLease;

/** One entry of a batch: distinct by content, with the copies that came at the same time. */
export interface BatchEntry {
  readonly callback: NewCallback;
  readonly copies: number;
  /** An earlier entry of the batch has the same identity and other content. */
  readonly conflictsInBatch: boolean;
}

/** What the database made of a batch entry. */
export interface InsertResult {
  /** False when the content had been stored before. */
  readonly isNew: boolean;
  readonly conflicting: boolean;
  /** The deliveries that are leased to this process; the others wait for a poll. */
  readonly leased: readonly NewDelivery[];
}

/** The lease under which a process holds deliveries that it will run itself. */
export interface Lease {
  readonly owner: string;
  readonly milliseconds: number;
}

/** The lease that an insert takes, for the listeners that run in this process and have room. */
export interface InsertLease extends Lease {
  /** Name of the registration whose deliveries they are. */
  readonly registration: string;
  takes(delivery: OrderingKey): boolean;
  /** How long rows without a lease wait before a poll may take them, ms; null: not at all. */
  readonly graceMs: number | null;
}

/** The statements of the durable path, for one family of databases. */
export interface CallbackWriter {
  /**
   * Stores a batch in one transaction: the callbacks, unique by content digest, and a delivery row
   * per listener of each new one, leased where the listener has room. New and duplicate are told
   * apart by the unique index alone, never by reading first. A delivery is left unleased when an
   * earlier one of its lane waits in the table or at another process.
   *
   * @returns a result per entry, in their order; the rows are durable by then
   */
  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]>;

  /**
   * Which of the deliveries that this owner has just leased share their lane with one that another
   * owner holds, or that is earlier and not this owner's: two nodes cannot see each other's rows
   * before they commit. Asked after the commit, at least one of the two learns of the other.
   */
  contested(leased: readonly KeyedDelivery[], owner: string): Promise<readonly KeyedDelivery[]>;

  /** Records outcomes of deliveries whose fence still holds. */
  settle(outcomes: readonly DeliveryOutcome[]): Promise<void>;

  /**
   * Takes over deliveries whose fence still is what it was when they were found, and whose lease has
   * not been prolonged since. What another owner held of their lanes under a lease that has run out is
   * its no more: should it come back, it must not go on with a later one while an earlier one is here.
   */
  claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]>;

  /** Prolongs leases whose fence still holds. @returns the others */
  renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]>;

  /**
   * Gives leases back whose fence still holds. Hundreds at once, so it is as native as what takes them,
   * and shares its condition.
   */
  release(leases: readonly CountedLease[]): Promise<void>;

  /** Closes the connections that nobody uses: after a failure they may be as dead as the one that failed. */
  dropIdleConnections(): void;

  /** Ends what it runs beside the DataSource, which is closed after it. */
  close(): Promise<void>;

  /** Whether an error is about the rows and not about the database, so that splitting a batch helps. */
  isRowFault(error: unknown): boolean;
}
