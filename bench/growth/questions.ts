import type { INestApplicationContext } from '@nestjs/common';

import { encodeCursor } from '../../src/operations/audit-query.js';
import { LiveCallbackDeadLetters } from '../../src/operations/dead-letters/live-callback.dead-letters.js';
import { readRecent, readWaiting } from '../../src/operations/overview/delivery.queries.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { DeliveryClaimer } from '../../src/storage/delivery.claimer.js';
import {
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveCallbackOverview,
  type CallbackFilter,
} from '../../src/index.js';
import { lastStream, LISTENER, type Filling } from './filling.js';

/** Changes what it is asked of, so it is asked a few times only: the smallest table holds 50 batches. */
export const PURGE = 'purge of a batch';

/** Something that is asked of the tables. */
export type AskedQuestion = () => Promise<unknown>;

/** Rows of a page: few enough for a 1,000th page to exist in the smallest table. */
const PAGE = 10;
const FAR_PAGE = 1_000;
const HOUR_MS = 3_600_000;
/** What a poll asks for at most. */
const ROOM = 1_000;
/** Deliveries that the overview of the listeners looks at. */
const COUNTED_TO = 10_000;

/** The questions of the README and of the console, the poll when nothing is due, and one batch of a purge. */
export function questionsTo(
  app: INestApplicationContext,
  filling: Filling,
): Record<string, AskedQuestion> {
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  const overview = app.get(LiveCallbackOverview, { strict: false });
  const deadLetters = app.get(LiveCallbackDeadLetters, { strict: false });
  const health = app.get(LiveCallbackHealth, { strict: false });
  const database = app.get(CallbackDatabase, { strict: false });
  const deliveries = app.get(DeliveryClaimer, { strict: false });
  const hoursAgo = (hours: number) => new Date(filling.newestAt - hours * HOUR_MS);
  const find = (filter: CallbackFilter) => () => audit.find({ ...filter, limit: PAGE });
  return {
    'stream and period': find({
      stream: lastStream(filling),
      from: hoursAgo(12),
      to: hoursAgo(1),
    }),
    'kind and period': find({ kind: 'stream-push', from: hoursAgo(7), to: hoursAgo(6) }),
    'kind that never came': find({ kind: 'summary' }),
    'state: quarantined': find({ state: 'quarantined' }),
    'delivery: pending': find({ delivery: 'pending' }),
    'delivery: dead': find({ delivery: 'dead' }),
    'first page': find({}),
    [`${FAR_PAGE.toLocaleString('en')}th page`]: async () =>
      audit.find({ limit: PAGE, cursor: await farCursor(app) }),
    'stats of an hour': () => audit.stats({ from: hoursAgo(7), to: hoursAgo(6), bucket: 'minute' }),
    'stats of a day': () => audit.stats({ from: hoursAgo(30), to: hoursAgo(6) }),
    'a stream with its deliveries': () =>
      overview.deliveries({ stream: lastStream(filling), limit: PAGE }),
    'listeners: the last hour': () =>
      database.read((tables) => readRecent(tables, 'default', hoursAgo(1), COUNTED_TO)),
    'listeners: what waits': () =>
      database.read((tables) => readWaiting(tables, 'default', 'pending', COUNTED_TO)),
    'dead letters': () => deadLetters.groups(),
    refused: () => overview.refusals(),
    // Not one of a moment ago.
    'standing, with its probe': () => health.report(-1),
    'poll, nothing due': () =>
      deliveries.claim(
        { registration: 'default', listeners: [LISTENER] },
        { roomOf: () => ROOM, holds: () => false, countsAhead: () => true, handOn: async () => {} },
      ),
    [PURGE]: () => purgeBatch(audit),
  };
}

/** How long the first batch takes; the pause after it, in which the intake has the database, is not counted. */
function purgeBatch(audit: LiveCallbackAuditService): Promise<unknown> {
  const afterOne = new AbortController();
  return new Promise((resolve, reject) => {
    const onProgress = () => {
      afterOne.abort();
      resolve(undefined);
    };
    const policy = { bodyDays: 1, rowDays: 36_500 };
    audit.purge({ ...policy, signal: afterOne.signal, onProgress }).then(resolve, reject);
  });
}

const cursors = new WeakMap<INestApplicationContext, Promise<string>>();

/** Where the 1,000th page begins; looked up once, because the way there is not what is asked. */
function farCursor(app: INestApplicationContext): Promise<string> {
  let cursor = cursors.get(app);
  if (!cursor) cursors.set(app, (cursor = lookUp(app)));
  return cursor;
}

async function lookUp(app: INestApplicationContext): Promise<string> {
  const { dataSource } = app.get(CallbackDatabase, { strict: false });
  const [row] = await dataSource.query<{ id: string }[]>(
    `SELECT id FROM live_callback ORDER BY id DESC LIMIT 1 OFFSET ${(FAR_PAGE - 1) * PAGE - 1}`,
  );
  if (!row) throw new Error(`There is no ${FAR_PAGE}th page.`);
  return encodeCursor(row.id);
}
