import { ADAPTERS, type AdapterName } from './application.js';
import { DATABASES, type DatabaseCase } from './databases.js';

/** An HTTP adapter and a database. */
export type Stage = DatabaseCase & { readonly adapter: AdapterName; readonly stage: string };

/**
 * Where suites run that are about HTTP and about what is stored: every adapter on SQLite, and every
 * database behind one adapter. Neither knows of the other, so no pair finds what these do not.
 */
export const STAGES: readonly Stage[] = DATABASES.flatMap((database) =>
  ADAPTERS.filter((adapter) => database.name === 'SQLite' || adapter === 'fastify').map(
    (adapter) => ({ ...database, adapter, stage: `${adapter} with ${database.name}` }),
  ),
);
