import 'reflect-metadata';
import { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from './src/storage/entities/index.js';
import { LIVE_CALLBACK_MIGRATIONS } from './src/storage/migrations/index.js';
import { dataSourceOptionsOf } from './src/options/database-url.js';
import { DEFAULT_DATABASE_URL } from './src/app/environment.js';

/** For the TypeORM command line: `npm run typeorm -- migration:show`. */
export default new DataSource({
  ...dataSourceOptionsOf(process.env['DATABASE_URL'] ?? DEFAULT_DATABASE_URL),
  entities: [...LIVE_CALLBACK_ENTITIES],
  migrations: [...LIVE_CALLBACK_MIGRATIONS],
  migrationsTableName: 'live_callback_migration',
});
