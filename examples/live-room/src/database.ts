import type { TypeOrmModuleOptions } from '@nestjs/typeorm';

import { CreateLiveRoom1767225600000 } from './migrations/1767225600000-create-live-room.js';

/**
 * The application's own connection. The module takes the address from it, and keeps tables of its own
 * there. SQLite is for one's own machine: it has one writer, and only transactional listeners wait for
 * their turn.
 */
export function databaseOptions(database: string): TypeOrmModuleOptions {
  return {
    ...(database.startsWith('postgres')
      ? { type: 'postgres', url: database }
      : { type: 'better-sqlite3', database }),
    autoLoadEntities: true,
    migrations: [CreateLiveRoom1767225600000],
    migrationsRun: true,
  };
}
