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

/** Runs the migrations of the module, as its first start does. */
export async function migrate(options: DataSourceOptions): Promise<void> {
  const dataSource = await new DataSource({
    ...options,
    entities: [...LIVE_CALLBACK_ENTITIES],
    migrations: [...LIVE_CALLBACK_MIGRATIONS],
    migrationsTableName: 'live_callback_migration',
  }).initialize();
  await dataSource.runMigrations({ transaction: 'none' });
  await dataSource.destroy();
}

/** A database with the tables of the module, and the connection from which it is looked at between tests. */
interface Kept {
  readonly bare: TestDatabase;
  readonly dataSource: DataSource;
}

/** Gives databases with the tables of the module to one test after the other: to make those costs more than most tests do. */
export class KeptTables {
  private readonly free: Kept[] = [];
  private shape: string | undefined;

  constructor(
    private readonly createBare: () => Promise<TestDatabase>,
    private readonly keeper: TableKeeper,
  ) {}

  /** A database in which the migrations of the module have run. */
  async take(): Promise<TestDatabase> {
    const kept = this.free.pop() ?? (await this.make());
    return { options: kept.bare.options, drop: () => this.leave(kept) };
  }

  private async make(): Promise<Kept> {
    const bare = await this.createBare();
    await migrate(bare.options);
    const dataSource = await new DataSource(bare.options).initialize();
    this.shape ??= await this.shapeOf(dataSource);
    return { bare, dataSource };
  }

  /** Keeps the database for the next test if its tables are as they were. */
  private async leave(kept: Kept): Promise<void> {
    if (isInRun() && (await this.isAsMade(kept))) {
      this.free.push(kept);
      return;
    }
    await kept.dataSource.destroy();
    await kept.bare.drop();
  }

  private async isAsMade({ dataSource }: Kept): Promise<boolean> {
    await this.keeper.quieten(dataSource);
    return (await this.shapeOf(dataSource)) === this.shape && (await this.keeper.clear(dataSource));
  }

  private async shapeOf(dataSource: DataSource): Promise<string | undefined> {
    const [row] = await dataSource.query<{ shape: string }[]>(this.keeper.shape);
    return row?.shape;
  }
}
