import { DataSource, type DataSourceOptions } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES, LIVE_CALLBACK_MIGRATIONS } from '../../src/index.js';
import { isInRun } from './test-run.js';

/** A database of one kind, and how to get rid of it. */
export interface TestDatabase {
  readonly options: DataSourceOptions;
  drop(): Promise<void>;
}

/** What a kind of database says of itself, and how its rows go. */
export interface TableKeeper {
  /** One text of whatever a test may have changed but rows: columns, indexes, triggers, rights and settings. */
  readonly shape: string;
  /** Ends what others do there, and takes back settings. */
  quieten(dataSource: DataSource): Promise<void>;
  /** @returns whether all rows are gone */
  clear(dataSource: DataSource): Promise<boolean>;
}

/** Gives databases with the tables of the module to one test after the other: to make those costs more than most tests do. */
export class KeptTables {
  private readonly free: TestDatabase[] = [];
  private shape: string | undefined;

  constructor(
    private readonly createBare: () => Promise<TestDatabase>,
    private readonly keeper: TableKeeper,
  ) {}

  /** A database in which the migrations of the module have run. */
  async take(): Promise<TestDatabase> {
    const bare = this.free.pop() ?? (await this.make());
    return { options: bare.options, drop: () => this.leave(bare) };
  }

  private async make(): Promise<TestDatabase> {
    const bare = await this.createBare();
    await on(bare, async (dataSource) => {
      await dataSource.runMigrations({ transaction: 'none' });
      this.shape ??= await this.shapeOf(dataSource);
    });
    return bare;
  }

  /** Keeps the database for the next test if its tables are as they were. */
  private async leave(bare: TestDatabase): Promise<void> {
    if (!isInRun()) return bare.drop();
    const isKept = await on(bare, async (dataSource) => {
      await this.keeper.quieten(dataSource);
      return (
        (await this.shapeOf(dataSource)) === this.shape && (await this.keeper.clear(dataSource))
      );
    });
    if (isKept) this.free.push(bare);
    else await bare.drop();
  }

  private async shapeOf(dataSource: DataSource): Promise<string | undefined> {
    const [row] = await dataSource.query<{ shape: string }[]>(this.keeper.shape);
    return row?.shape;
  }
}

async function on<R>(
  database: TestDatabase,
  work: (dataSource: DataSource) => Promise<R>,
): Promise<R> {
  const dataSource = await new DataSource({
    ...database.options,
    entities: [...LIVE_CALLBACK_ENTITIES],
    migrations: [...LIVE_CALLBACK_MIGRATIONS],
    migrationsTableName: 'live_callback_migration',
  }).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
