import type { CliContext } from '../cli.context.js';
import { CliError } from '../cli.error.js';
import { plural } from '../plural.js';
import type { AuditOptions } from './audit.command.js';
import { withAudit } from './choose-audit.js';
import { maskedBody } from './masked-body.js';
import { formatRow, textOf } from './row.format.js';

/** Shows one callback. */
export async function show(id: string, options: AuditOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const found = await withAudit(options, context, (audit) => audit.get(id));
  if (!found) throw new CliError(`There is no callback with the id ${id}.`);
  const callback = { ...found, body: maskedBody(found.body) };
  if (options.json) return terminal.json(callback);
  terminal.line(formatRow(callback));
  terminal.line(`occurred ${textOf(callback.occurredAt)}, from ${callback.remoteAddress ?? '-'}`);
  for (const error of callback.errors) terminal.line(`error: ${error}`);
  for (const remark of callback.remarks) terminal.line(`remark: ${remark}`);
  for (const { listener, state, attempts, lastError, nextAttemptAt } of callback.deliveries) {
    const next = nextAttemptAt === null ? '' : `, again at ${textOf(nextAttemptAt)}`;
    const why = lastError === null ? '' : `: ${lastError}`;
    terminal.line(`listener ${listener}: ${state}, ${plural(attempts, 'attempt')}${next}${why}`);
  }
  terminal.line(callback.body ?? '(the body was purged)');
}
