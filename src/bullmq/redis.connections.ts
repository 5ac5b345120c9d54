import type { ConnectionOptions } from 'bullmq';

/** Longest pause between two tries to connect, ms. */
const MAX_PAUSE_MS = 2_000;

const RETRY = { retryStrategy: (times: number) => Math.min(times * 100, MAX_PAUSE_MS) };

/**
 * The connection for adding jobs, from the host's settings: commands fail while Redis is away. With
 * those of ioredis they would gather in memory instead.
 */
export function producerConnection(connection: ConnectionOptions): ConnectionOptions {
  if (isClient(connection)) return connection;
  return { ...RETRY, ...connection, enableOfflineQueue: false, maxRetriesPerRequest: 1 };
}

/** The connection for working on jobs, from the host's settings, as BullMQ wants it. */
export function workerConnection(connection: ConnectionOptions): ConnectionOptions {
  if (isClient(connection)) return connection;
  return { ...RETRY, ...connection, maxRetriesPerRequest: null };
}

/** A client that the host has made and keeps: it is used as it is. */
function isClient(connection: ConnectionOptions): boolean {
  return Object.getPrototypeOf(connection) !== Object.prototype;
}
