import { EmulatorError } from '../emulator.error.js';
import type { OutgoingCallback } from '../outgoing.callback.js';
import { REQUEST_FAULTS, type RequestFaultName } from './request.faults.js';

/** What may go wrong with whole callbacks, and how. */
const DELIVERY_FAULTS = {
  /** Acknowledged, and yet sent once more. */
  duplicate: {},
  /** Held back until the next callback of the stream has been through. */
  reorder: {},
  /** The interruption is held back until the next push of the stream has been through. */
  'late-interrupt': { kind: 'stream-interrupt', after: 'stream-push' },
  /** The request does not arrive. */
  'lost-request': {},
  /** The request arrives, the answer does not: CSS sends what is stored already. */
  'lost-answer': {},
  /** A callback of an `event_type` that nobody knows goes to the same URL. */
  'unknown-event': {},
} as const satisfies Record<string, FaultOptions>;

/** A fault that the emulator can produce. */
export type FaultName = RequestFaultName | keyof typeof DELIVERY_FAULTS;

/** All of them. */
export const FAULT_NAMES = [
  ...Object.keys(DELIVERY_FAULTS),
  ...Object.keys(REQUEST_FAULTS),
] as readonly FaultName[];

/** Which callbacks a fault hits. */
export interface FaultOptions {
  /** Only callbacks of this kind. Default: any. */
  kind?: string;
  /** Only callbacks of this stream. Default: any. */
  streamName?: string;
  /** How many callbacks, the next ones. Default: 1. */
  times?: number;
  /**
   * How many attempts of each, from the first; `Infinity` for all, so that the callback never
   * arrives as it should. For faults of requests and lost ones. Default: 1.
   */
  attempts?: number;
  /** `reorder`: the kind of callback that overtakes. Default: any. */
  after?: string;
  /** `reorder` and `late-interrupt`: sent after so many milliseconds anyway. Default: 60000. */
  holdMs?: number;
}

/** A fault that hits a callback. */
export interface Fault {
  readonly name: FaultName;
  readonly attempts: number;
  readonly after: string | undefined;
  readonly holdMs: number;
}

interface Order extends Fault {
  readonly kind: string | undefined;
  readonly streamName: string | undefined;
  left: number;
}

const MAX_ORDERS = 1_000;

/** The faults that were ordered and have not happened yet. */
export class FaultBook {
  private orders: Order[] = [];

  /** @throws EmulatorError for what is no fault, or cannot happen */
  add(name: FaultName, given: FaultOptions = {}): void {
    if (!FAULT_NAMES.includes(name)) {
      throw new EmulatorError(`There is no fault "${name}". Faults: ${FAULT_NAMES.join(', ')}.`);
    }
    const options: FaultOptions = {
      ...given,
      ...(Object.hasOwn(DELIVERY_FAULTS, name)
        ? DELIVERY_FAULTS[name as keyof typeof DELIVERY_FAULTS]
        : {}),
    };
    const { kind, streamName, times = 1, attempts = 1, after, holdMs = 60_000 } = options;
    const counts = { times, attempts, holdMs };
    for (const [option, value] of Object.entries(counts)) {
      if (!(value > 0)) throw new EmulatorError(`${option} must be above 0, not ${value}.`);
    }
    if (this.orders.length >= MAX_ORDERS) {
      throw new EmulatorError(`${MAX_ORDERS} faults wait already: let some of them happen first.`);
    }
    this.orders.push({ name, kind, streamName, attempts, after, holdMs, left: times });
  }

  /** The faults that hit a callback; each is used up once. */
  take({ kind, origin }: OutgoingCallback): readonly Fault[] {
    const hits = this.orders.filter(
      (order) =>
        (order.kind === undefined || order.kind === kind) &&
        (order.streamName === undefined || order.streamName === origin.streamName),
    );
    for (const order of hits) order.left--;
    this.orders = this.orders.filter(({ left }) => left > 0);
    return hits;
  }
}
