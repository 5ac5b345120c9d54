/** Codes of Node, PostgreSQL and MySQL for a server that is away, starting, stopping or full. */
const CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket file of a server on this host
  '53300',
  '57P01',
  '57P02',
  '57P03',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
]);

/** What the drivers and this module say, without a code, of a server that does not answer. */
const MESSAGES = /timeout|timed out|terminated|closed state|not answer|no connection to/i;

/** Whether an error means that the database cannot be reached now, and may be later. */
export function isConnectionFault(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code !== '') {
    return CODES.has(code) || code.startsWith('08') || code.startsWith('SQLITE_BUSY');
  }
  return typeof message === 'string' && MESSAGES.test(message);
}
