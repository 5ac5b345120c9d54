import type { BatchEntry } from './callback.writer.js';

/** PostgreSQL's types of the columns; a digest is a text of letters, digits, `-` and `_`. */
export type ColumnType = 'uuid' | 'int' | 'bigint' | 'digest' | 'text';

/** The columns that an insert fills straight from a batch entry. */
export const CALLBACK_COLUMNS: readonly {
  readonly name: string;
  readonly type: ColumnType;
  readonly read: (entry: BatchEntry) => string | number | null;
}[] = [
  { name: 'id', type: 'uuid', read: ({ callback }) => callback.id },
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
  { name: 'deliveries_count', type: 'int', read: ({ copies }) => copies },
  { name: 'content_digest', type: 'digest', read: ({ callback }) => callback.contentDigest },
  { name: 'identity_digest', type: 'digest', read: ({ callback }) => callback.identityDigest },
  { name: 'remarks', type: 'text', read: ({ callback }) => callback.remarks },
  { name: 'errors', type: 'text', read: ({ callback }) => callback.errors },
  { name: 'remote_address', type: 'text', read: ({ callback }) => callback.remoteAddress },
  { name: 'body', type: 'text', read: ({ callback }) => callback.body },
];

/** Their names, as a list in a statement. */
export const COLUMN_LIST = CALLBACK_COLUMNS.map(({ name }) => name).join(', ');

/** Values of an entry in the order of {@link CALLBACK_COLUMNS}. */
export function columnValues(entry: BatchEntry): (string | number | null)[] {
  return CALLBACK_COLUMNS.map(({ read }) => read(entry));
}
