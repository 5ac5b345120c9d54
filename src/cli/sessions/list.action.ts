import { parseSessions } from '../../sessions/api/session.parameters.js';
import { withAudit } from '../audit/choose-audit.js';
import type { CliContext } from '../cli.context.js';
import { UsageError } from '../cli.error.js';
import { formatSession } from './session.format.js';
import type { SessionListOptions } from './sessions.options.js';

const NAMES = ['domain', 'path', 'stream', 'state', 'from', 'to', 'cursor', 'limit'] as const;

/** Lists sessions. */
export async function listSessions(
  options: SessionListOptions,
  context: CliContext,
): Promise<void> {
  const { terminal } = context;
  const { filter, page } = checked(options);
  const { items, nextCursor } = await withAudit(options, context, (audit) =>
    audit.sessions(filter, page),
  );
  if (options.json) return terminal.json({ items, nextCursor });
  for (const session of items) terminal.line(formatSession(session));
  if (items.length === 0) terminal.note('No session fits.');
  if (nextCursor !== null) terminal.note(`More: --cursor ${nextCursor}`);
}

/** As the audit API checks them. */
function checked(options: SessionListOptions): ReturnType<typeof parseSessions> {
  const texts = NAMES.flatMap((name) => {
    const value = options[name];
    if (value === undefined) return [];
    return [[name, value instanceof Date ? value.toISOString() : String(value)]];
  });
  try {
    return parseSessions(Object.fromEntries(texts) as Record<string, unknown>);
  } catch (error) {
    throw new UsageError(`--${(error as Error).message}.`);
  }
}
