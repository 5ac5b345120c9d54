import type { CliContext } from '../cli.context.js';
import { UsageError } from '../cli.error.js';
import type { AuditOptions } from './audit.options.js';
import type { AuditSource } from './audit.source.js';
import { openAuditApi, openAuditDatabase } from './open-audit.js';

/** Works on the audit log, in the way that options and environment ask for, and closes it. */
export async function withAudit<T>(
  options: AuditOptions,
  { terminal, signal }: CliContext,
  work: (audit: AuditSource) => Promise<T>,
  listeners: readonly string[] = [],
): Promise<T> {
  const { url } = options;
  const { env } = terminal;
  const isHttp = url !== undefined || !env['DATABASE_URL']?.trim();
  if (isHttp && url === undefined && !env['LIVE_CALLBACK_ADMIN_TOKEN']?.trim()) {
    throw new UsageError(
      'Say where the audit log is: DATABASE_URL for the database, or --url and LIVE_CALLBACK_ADMIN_TOKEN for the audit API.',
    );
  }
  const audit = isHttp
    ? await openAuditApi(options, terminal, signal)
    : await openAuditDatabase(terminal, listeners);
  try {
    return await work(audit);
  } finally {
    await audit.close();
  }
}
