/** What a column holds; each database has its own type for it. */
export type ColumnType = 'id' | 'text' | 'int' | 'time' | 'list';

/** A table of a layout; its first columns are its key. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly key: readonly string[];
  /** Columns of an index, and the condition that rows are in it where the database can be told. */
  readonly indexes: readonly (readonly [columns: string, where: string])[];
}

export type Row = Readonly<Record<string, string | number | readonly string[] | null>>;

/** The delivery of a callback to a listener. */
export interface Delivery {
  readonly callbackId: string;
  readonly listener: string;
  readonly orderingKey: string;
}

/** What one commit does. */
export type Step =
  | { readonly insert: string; readonly rows: readonly Row[] }
  | { readonly update: string; readonly set: Row; readonly keys: readonly Row[] }
  | { readonly remove: string; readonly keys: readonly Row[] };

/** A way to keep deliveries: what is written as a batch is stored, and what as all of it is done. */
export interface Layout {
  readonly name: string;
  readonly tables: readonly Table[];
  store(callbacks: readonly string[], deliveries: readonly Delivery[]): readonly Step[];
  settle(callbacks: readonly string[], deliveries: readonly Delivery[]): readonly Step[];
}

const LEASE = { lease_owner: 'node-1', lease_until: 1_764_000_060_000, fence: 1 };
const FREE = { lease_owner: null, lease_until: null };
const DONE = { state: 'done', duration_ms: 1, finished_at: 1_764_000_000_100 };
const REGISTRATION = 'default';

/** Beside all of them, so that what the callback itself costs is known. */
const CALLBACK: Table = {
  name: 'layout_callback',
  columns: { id: 'id', open_owner: 'text', open_until: 'time' },
  key: ['id'],
  indexes: [['open_until', 'open_until IS NOT NULL']],
};
const DELIVERY: Table = {
  name: 'layout_delivery',
  columns: {
    callback_id: 'id',
    listener: 'text',
    registration: 'text',
    ordering_key: 'id',
    state: 'text',
    attempts: 'int',
    lease_owner: 'text',
    lease_until: 'time',
    fence: 'int',
    duration_ms: 'int',
    finished_at: 'time',
  },
  key: ['callback_id', 'listener'],
  indexes: [
    ['registration, state, callback_id', "state <> 'done'"],
    ['state, ordering_key, listener', "state = 'pending'"],
  ],
};
const OPEN: Table = {
  ...DELIVERY,
  name: 'layout_open',
  indexes: [['ordering_key, listener', '']],
};
const PAGE: Table = {
  name: 'layout_page',
  columns: {
    id: 'id',
    registration: 'text',
    listener: 'text',
    callbacks: 'list',
    ordering_keys: 'list',
    state: 'text',
    lease_owner: 'text',
    lease_until: 'time',
    fence: 'int',
    duration_ms: 'int',
    finished_at: 'time',
  },
  key: ['id', 'listener'],
  indexes: [['registration, state, id', "state <> 'done'"]],
};

const rowOf = ({ callbackId, listener, orderingKey }: Delivery): Row => ({
  callback_id: callbackId,
  listener,
  registration: REGISTRATION,
  ordering_key: orderingKey,
  attempts: 1,
});
const keyOf = ({ callbackId, listener }: Delivery): Row => ({ callback_id: callbackId, listener });
const callbacksOf = (callbacks: readonly string[], more: Row = {}): Step => ({
  insert: CALLBACK.name,
  rows: callbacks.map((id) => ({ id, ...more })),
});
const opened = (deliveries: readonly Delivery[]): Row[] =>
  deliveries.map((it) => ({ ...rowOf(it), ...LEASE, state: 'pending' }));
const done = (deliveries: readonly Delivery[]): Row[] =>
  deliveries.map((it) => ({ ...rowOf(it), ...FREE, fence: 1, ...DONE }));

/** A row for each listener of a batch. */
function pagesOf(deliveries: readonly Delivery[]): Row[] {
  const listeners = [...new Set(deliveries.map(({ listener }) => listener))];
  return listeners.map((listener) => {
    const own = deliveries.filter((it) => it.listener === listener);
    return {
      id: own[0]!.callbackId,
      registration: REGISTRATION,
      listener,
      callbacks: own.map(({ callbackId }) => callbackId),
      ordering_keys: own.map(({ orderingKey }) => orderingKey),
      state: 'pending',
      ...LEASE,
    };
  });
}

export const LAYOUTS: readonly Layout[] = [
  {
    name: 'callbacks alone',
    tables: [CALLBACK],
    store: (callbacks) => [callbacksOf(callbacks)],
    settle: () => [],
  },
  {
    name: 'a row per delivery (as it is)',
    tables: [CALLBACK, DELIVERY],
    store: (callbacks, deliveries) => [
      callbacksOf(callbacks),
      { insert: DELIVERY.name, rows: opened(deliveries) },
    ],
    settle: (_callbacks, deliveries) => [
      { update: DELIVERY.name, set: { ...DONE, ...FREE }, keys: deliveries.map(keyOf) },
    ],
  },
  {
    name: 'a row per listener and batch until one fails ("pages")',
    tables: [CALLBACK, PAGE],
    store: (callbacks, deliveries) => [
      callbacksOf(callbacks),
      { insert: PAGE.name, rows: pagesOf(deliveries) },
    ],
    settle: (_callbacks, deliveries) => [
      {
        update: PAGE.name,
        set: { ...DONE, ...FREE },
        keys: pagesOf(deliveries).map(({ id, listener }) => ({ id: id!, listener: listener! })),
      },
    ],
  },
  {
    name: 'open ones in a small table',
    tables: [CALLBACK, OPEN, { ...DELIVERY, indexes: [] }],
    store: (callbacks, deliveries) => [
      callbacksOf(callbacks),
      { insert: OPEN.name, rows: opened(deliveries) },
    ],
    settle: (_callbacks, deliveries) => [
      { insert: DELIVERY.name, rows: done(deliveries) },
      { remove: OPEN.name, keys: deliveries.map(keyOf) },
    ],
  },
  {
    name: 'written when they are done, until then a lease of the callback',
    tables: [CALLBACK, { ...DELIVERY, indexes: DELIVERY.indexes }],
    store: (callbacks) => [
      callbacksOf(callbacks, { open_owner: LEASE.lease_owner, open_until: LEASE.lease_until }),
    ],
    settle: (callbacks, deliveries) => [
      { insert: DELIVERY.name, rows: done(deliveries) },
      {
        update: CALLBACK.name,
        set: { open_owner: null, open_until: null },
        keys: callbacks.map((id) => ({ id })),
      },
    ],
  },
];
