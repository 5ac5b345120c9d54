/**
 * Compares ways to keep deliveries by what their statements cost a database, without server and HTTP:
 *
 *     npm run bench:layouts -- --db postgres --listeners 5
 *
 * Stores batches and records them as done, a commit each. Tells the processor time of the connections (on
 * SQLite that of this process) per callback. Writes `results/layouts.md` and `.json`.
 */
import { parseArgs } from 'node:util';

import { IdSource } from '../src/common/id.source.js';
import { positive } from './arguments.js';
import type { DatabaseKey } from './contenders.js';
import { BenchDatabase } from './database.js';
import { Laboratory } from './layouts/laboratory.js';
import { LAYOUTS, type Delivery, type Layout } from './layouts/layout.js';
import { machine, machineLine } from './machine.js';
import { progress, RESULTS, writeReport } from './report.js';
import { spreadOf } from './statistics.js';
import { range, table } from './table.js';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'postgres,mariadb,sqlite' },
    listeners: { type: 'string', default: '5' },
    batch: { type: 'string', default: '32' },
    rows: { type: 'string', default: '20000' },
    callbacks: { type: 'string', default: '8000' },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string', default: RESULTS },
  },
});
const batchSize = positive('batch', values.batch);
const listeners = Array.from(
  { length: positive('listeners', values.listeners) },
  (_one, n) => `Listener.on${n + 1}`,
);
const batchesOf = (callbacks: number) => Math.ceil(callbacks / batchSize);
const before = batchesOf(positive('rows', values.rows));
const measured = batchesOf(positive('callbacks', values.callbacks));

const ids = new IdSource();
const streams = Array.from({ length: 1_000 }, () => ids.next(Date.now()));

/** A layout on a database of its own. */
class Subject {
  readonly micros: number[] = [];

  private constructor(
    readonly layout: Layout,
    private readonly bench: BenchDatabase,
    private readonly laboratory: Laboratory,
  ) {}

  static async create(key: DatabaseKey, layout: Layout): Promise<Subject> {
    const bench = await BenchDatabase.create(key);
    const laboratory = await Laboratory.open(bench.options, layout);
    const subject = new Subject(layout, bench, laboratory);
    await subject.run(before);
    return subject;
  }

  async measure(): Promise<void> {
    const was = await this.bench.connectionSeconds();
    const own = process.cpuUsage();
    await this.run(measured);
    const { user, system } = process.cpuUsage(own);
    const is = await this.bench.connectionSeconds();
    const spent = [...is].reduce((sum, [task, cpu]) => sum + cpu - (was.get(task) ?? 0), 0);
    const micros = this.bench.key === 'sqlite' ? user + system : spent * 1e6;
    this.micros.push(micros / (measured * batchSize));
  }

  async end(): Promise<void> {
    await this.laboratory.close();
    await this.bench.drop();
  }

  private async run(batches: number): Promise<void> {
    for (let n = 0; n < batches; n++) {
      const callbacks = Array.from({ length: batchSize }, () => ids.next(Date.now()));
      const deliveries: Delivery[] = callbacks.flatMap((callbackId, at) =>
        listeners.map((listener) => ({
          callbackId,
          listener,
          orderingKey: streams[(n * batchSize + at) % streams.length]!,
        })),
      );
      await this.laboratory.commit(this.layout.store(callbacks, deliveries));
      await this.laboratory.commit(this.layout.settle(callbacks, deliveries));
    }
  }
}

const figures = [];
for (const key of values.db.split(',') as DatabaseKey[]) {
  const subjects: Subject[] = [];
  try {
    for (const layout of LAYOUTS) subjects.push(await Subject.create(key, layout));
    for (let round = 0; round < positive('rounds', values.rounds); round++) {
      for (const subject of subjects) await subject.measure();
      progress(`${key}, round ${round + 1}`);
    }
    figures.push(
      ...subjects.map(({ layout, micros }) => ({ key, layout: layout.name, ...spreadOf(micros) })),
    );
  } finally {
    for (const subject of subjects) await subject.end();
  }
}
const text = [
  '# Ways to keep deliveries',
  `${machineLine(machine())}. Batches of ${batchSize}, ${listeners.length} listeners, processor time per callback.`,
  table(
    ['Database', 'Layout', 'µs:'],
    figures.map((it) => [it.key, it.layout, range(it)]),
  ),
].join('\n\n');
writeReport(values.out, 'layouts', text, { figures });
