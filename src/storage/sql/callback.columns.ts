import { toBytes } from '../entities/columns.js';
import type { BatchEntry } from './callback.writer.js';

/** PostgreSQL's types of the columns; a digest is a UUID there and bytes elsewhere. */
export type ColumnType = 'uuid' | 'int' | 'bigint' | 'digest' | 'text';

/** The columns that an insert fills straight from a batch entry. */
export const CALLBACK_COLUMNS: readonly {
  readonly name: string;
  readonly type: ColumnType;
  readonly read: (entry: BatchEntry) => string | number | null;
}[] = [
  { name: 'id', type: 'uuid', read: ({ callback }) => callback.id },
  { name: 'registration', type: 'text', read: ({ callback }) => callback.registration },
  { name: 'origin', type: 'text', read: ({ callback }) => callback.origin },
  { name: 'kind', type: 'text', read: ({ callback }) => callback.kind },
  { name: 'event_type', type: 'int', read: ({ callback }) => callback.eventType },
  { name: 'state', type: 'text', read: ({ callback }) => callback.state },
  { name: 'app_id', type: 'text', read: ({ callback }) => callback.appId },
  { name: 'domain', type: 'text', read: ({ callback }) => callback.domain },
  { name: 'path', type: 'text', read: ({ callback }) => callback.path },
  { name: 'stream_name', type: 'text', read: ({ callback }) => callback.streamName },
  { name: 'sequence', type: 'text', read: ({ callback }) => callback.sequence },
  { name: 'occurred_at', type: 'bigint', read: ({ callback }) => callback.occurredAt },
  { name: 'received_at', type: 'bigint', read: ({ callback }) => callback.receivedAt },
  { name: 'last_received_at', type: 'bigint', read: ({ callback }) => callback.receivedAt },
  { name: 'receipts_count', type: 'int', read: ({ copies }) => copies },
  { name: 'content_digest', type: 'digest', read: ({ callback }) => callback.contentDigest },
  { name: 'identity_digest', type: 'digest', read: ({ callback }) => callback.identityDigest },
  { name: 'warnings', type: 'text', read: ({ callback }) => callback.warnings },
  { name: 'errors', type: 'text', read: ({ callback }) => callback.errors },
  { name: 'remote_address', type: 'text', read: ({ callback }) => callback.remoteAddress },
  { name: 'traceparent', type: 'text', read: ({ callback }) => callback.traceparent ?? null },
  { name: 'body', type: 'text', read: ({ callback }) => callback.body },
  { name: 'body_encoding', type: 'text', read: ({ callback }) => callback.bodyEncoding },
];

/** Their names, as a list in a statement. */
export const COLUMN_LIST = CALLBACK_COLUMNS.map(({ name }) => name).join(', ');

/** Values of an entry in the order of {@link CALLBACK_COLUMNS}, as MySQL and SQLite take them. */
export function columnValues(entry: BatchEntry): (string | number | Buffer | null)[] {
  return CALLBACK_COLUMNS.map(({ type, read }) =>
    type === 'digest' ? toBytes(read(entry) as string) : read(entry),
  );
}
