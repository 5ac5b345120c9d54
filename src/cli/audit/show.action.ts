import type { CliContext } from '../cli.context.js';
import { maskedBody } from '../../operations/masked-body.js';
import { CliError } from '../cli.error.js';
import { plural } from '../plural.js';
import type { AuditOptions } from './audit.options.js';
import { withAudit } from './choose-audit.js';
import { formatRow, textOf } from './row.format.js';

/** Shows one callback. */
export async function show(id: string, options: AuditOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const found = await withAudit(options, context, (audit) => audit.get(id));
  if (!found) throw new CliError(`There is no callback with the id ${id}.`);
  const body = found.body && maskedBody(found.body, found.bodyEncoding);
  const callback = { ...found, body };
  if (options.json) return terminal.json(callback);
  terminal.line(formatRow(callback));
  terminal.line(`occurred ${textOf(callback.occurredAt)}, from ${callback.remoteAddress ?? '-'}`);
  for (const error of callback.errors) terminal.line(`error: ${error}`);
  for (const warning of callback.warnings) terminal.line(`warning: ${warning}`);
  for (const { listener, state, attempts, lastError, nextAttemptAt } of callback.deliveries) {
    const next = nextAttemptAt === null ? '' : `, again at ${textOf(nextAttemptAt)}`;
    const why = lastError === null ? '' : `: ${lastError}`;
    terminal.line(`listener ${listener}: ${state}, ${plural(attempts, 'attempt')}${next}${why}`);
  }
  if (callback.bodyEncoding === 'base64') terminal.line('body, in base64:');
  terminal.line(callback.body ?? '(the body was purged)');
}
