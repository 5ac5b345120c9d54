/** Types of DataSources that callbacks can be kept in. */
export const DATABASE_TYPES = ['better-sqlite3', 'postgres', 'mysql', 'mariadb'] as const;

/** One of {@link DATABASE_TYPES}. */
export type DatabaseType = (typeof DATABASE_TYPES)[number];
