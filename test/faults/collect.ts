import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { DataSource } from 'typeorm';

import { SESSION_LISTENER } from '../../src/sessions/session.deliveries.js';
import type { JournalLine } from './application/journal.js';
import { digestOf, type Ledger } from './ledger.js';

const PAGE = 5_000;
const LISTENERS = ['plain', 'transactional', 'slow', SESSION_LISTENER] as const;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Reads what the listeners wrote into the journals of all lives. */
export async function collectJournals(
  ledger: Ledger,
  folder: string,
  lives: readonly { id: number }[],
): Promise<void> {
  for (const { id } of lives) {
    const path = join(folder, `journal-${id}`);
    if (existsSync(path)) await collectJournal(ledger, path, id); // else it was killed too early
  }
  ledger.database.exec('CREATE INDEX run_delivery ON run (listener, callback, began)');
}

async function collectJournal(ledger: Ledger, path: string, life: number): Promise<void> {
  const add = ledger.database.prepare(
    `INSERT INTO run (life, run, began, listener, callback, attempt, stream) VALUES (${life}, ?, ?, ?, ?, ?, ?)`,
  );
  const end = ledger.database.prepare(
    `UPDATE run SET outcome = ?, ended = ?, reason = ? WHERE life = ${life} AND run = ?`,
  );
  const record = ledger.database.prepare(
    `UPDATE run SET recorded = ? WHERE life = ${life} AND run = ?`,
  );
  const enter = (line: JournalLine) => {
    const [what, run, at, ...rest] = line;
    if (what === 'begun') add.run(run, at, ...rest);
    else if (what === 'recorded') record.run(at, run);
    else end.run(what, at, rest[0] ?? null, run);
  };
  for await (const page of pagesOf(createInterface({ input: createReadStream(path) }))) {
    ledger.inTransaction(() => {
      for (const line of page) enter(JSON.parse(line) as JournalLine);
    });
  }
}

async function* pagesOf(lines: AsyncIterable<string>): AsyncIterable<string[]> {
  let page: string[] = [];
  for await (const line of lines) {
    page.push(line);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

/** Reads what the database under test holds, page by page. */
export async function collectTables(ledger: Ledger, host: DataSource): Promise<void> {
  const insert = (table: string, columns: number) => {
    const marks = Array.from({ length: columns }, () => '?').join(', ');
    return ledger.database.prepare(`INSERT INTO ${table} VALUES (${marks})`);
  };
  const stored = insert('stored', 4);
  for await (const rows of rowsOf<CallbackRow>(
    host,
    (after) =>
      `SELECT id, body, kind, received_at FROM live_callback
       WHERE id > '${after}' AND origin = 'callback' ORDER BY id`,
    FIRST_ID,
  )) {
    ledger.inTransaction(() => {
      for (const { id, body, kind, received_at } of rows) {
        stored.run(id, digestOf(body), kind, Number(received_at));
      }
    });
  }
  const delivery = insert('delivery', 3);
  for (const listener of LISTENERS) {
    for await (const rows of rowsOf<DeliveryRow>(
      host,
      (after) =>
        `SELECT callback_id AS id, state FROM live_callback_delivery
         WHERE listener = '${listener}' AND callback_id > '${after}' ORDER BY callback_id`,
      FIRST_ID,
    )) {
      ledger.inTransaction(() => {
        for (const { id, state } of rows) delivery.run(id, listener, state);
      });
    }
  }
  const effect = insert('effect', 2);
  for await (const rows of rowsOf<EffectRow>(
    host,
    (after) => `SELECT id, callback_id FROM fault_effect WHERE id > ${after} ORDER BY id`,
    0,
  )) {
    ledger.inTransaction(() => {
      for (const { id, callback_id } of rows) effect.run(id, callback_id);
    });
  }
  ledger.database.exec('CREATE INDEX stored_digest ON stored (digest)');
  ledger.database.exec('CREATE INDEX effect_callback ON effect (callback)');
}

interface CallbackRow {
  readonly id: string;
  readonly body: string;
  readonly kind: string;
  readonly received_at: string | number;
}

interface DeliveryRow {
  readonly id: string;
  readonly state: string;
}

interface EffectRow {
  readonly id: number;
  readonly callback_id: string;
}

async function* rowsOf<T extends { readonly id: string | number }>(
  host: DataSource,
  sqlAfter: (id: string | number) => string,
  first: string | number,
): AsyncIterable<T[]> {
  for (let after = first; ;) {
    const rows = await host.query<T[]>(`${sqlAfter(after)} LIMIT ${PAGE}`);
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
  }
}
